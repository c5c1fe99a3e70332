import { tryRun } from './run.ts';

/** Runs the Go command in a module's folder and returns what it printed. */
export async function go(
  args: readonly string[],
  cwd: string,
  more: Readonly<Record<string, string>> = {},
): Promise<string> {
  const env = { CGO_ENABLED: '0', GOFLAGS: '', GOWORK: 'off', GOTOOLCHAIN: 'local', ...more };
  const result = await tryRun('go', args, { cwd, env, timeoutMs: 2_400_000 }).catch((error: unknown) => {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw missing
      ? new Error('the conformance tests build real programs with Go (1.26.6 or newer), and there is no `go` in PATH')
      : error;
  });
  if (result.code !== 0) throw new Error(`go ${args.join(' ')} in ${cwd}:\n${result.stderr.trim()}`);
  return result.stdout;
}

/** The folder with the source of a module that the go.mod in `cwd` pins; downloaded when it is not there. */
export async function sourceOf(modulePath: string, cwd: string): Promise<string> {
  const { Dir } = JSON.parse(await go(['mod', 'download', '-json', modulePath], cwd)) as { Dir: string };
  return Dir;
}
