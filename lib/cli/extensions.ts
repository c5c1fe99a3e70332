import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Command } from 'commander';
import type { PreviewExtension } from '../constructs/extension.ts';
import { GreenroomError, invalidInput } from '../core/errors.ts';
import type { Io } from './io.ts';

export interface ExtensionOptions {
  extension: string[];
}

export function extensionOption(command: Command): Command {
  const collect = (file: string, all: string[]) => [...all, file];
  return command.option('--extension <file>', "an ES module of the platform's own; may be given again", collect, []);
}

/**
 * Loads extensions of every preview (docs/extending.md): ES modules whose default export is a PreviewExtension.
 *
 * @throws GreenroomError `invalid-input` for a file that is none; while compiling, `failed` for one that throws
 */
export async function loadExtensions({ extension: files }: ExtensionOptions, io: Io): Promise<PreviewExtension[]> {
  return Promise.all(files.map((file) => load(file, io)));
}

async function load(file: string, io: Io): Promise<PreviewExtension> {
  let module: { default?: unknown };
  try {
    module = await import(pathToFileURL(resolve(io.cwd, file)).href);
  } catch (cause) {
    throw invalidInput([{ file, message: `cannot be loaded as an ES module: ${messageOf(cause)}` }], cause);
  }
  const extend = module.default;
  if (typeof extend !== 'function') {
    throw invalidInput([{ file, message: 'has no function as its default export; see docs/extending.md' }]);
  }
  return (scope) => {
    try {
      extend(scope);
    } catch (cause) {
      if (cause instanceof GreenroomError) throw cause;
      throw new GreenroomError('failed', `the extension ${file} failed: ${messageOf(cause)}`, { cause });
    }
  };
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
}
