import type { CompiledPreview, Compiler, CompilerOptions } from '../../../lib/compile/compiler.ts';
import { GreenroomError } from '../../../lib/core/errors.ts';

/** A loader of text that parses each text once. */
export function byText<T>(load: (text: string, file: string) => T): (text: string, file: string) => T {
  const known = new Map<string, () => T>();
  return (text, file) => {
    const key = `${file}\0${text}`;
    if (!known.has(key))
      known.set(
        key,
        once(() => load(text, file)),
      );
    return known.get(key)!();
  };
}

/** A compiler that compiles each input once. It is pure; where there are no exceptions, the time does not count. */
export function remembered(create: (options: CompilerOptions) => Compiler): (options: CompilerOptions) => Compiler {
  const compilers = new Map<object, Compiler>();
  return (options) => {
    if (options.exceptions?.size || options.extensions?.length) return create(options);
    const known = compilers.get(options.platform);
    if (known !== undefined) return known;
    const compile = create(options);
    const previews = new Map<string, () => CompiledPreview>();
    const compiler: Compiler = (input) => {
      const { preview, ...rest } = input;
      const key = `${JSON.stringify(rest)}\0${preview.text}`;
      if (!previews.has(key))
        previews.set(
          key,
          once(() => compile(input)),
        );
      return previews.get(key)!();
    };
    compilers.set(options.platform, compiler);
    return compiler;
  };
}

/** The value, or the refusal, of the first call. */
function once<T>(make: () => T): () => T {
  try {
    const value = make();
    return () => value;
  } catch (error) {
    if (!(error instanceof GreenroomError)) throw error;
    return () => {
      throw error;
    };
  }
}
