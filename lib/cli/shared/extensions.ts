import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Command } from 'commander';
import type { PreviewExtension } from '../../constructs/extension.ts';
import { GreenroomError, invalidInput } from '../../core/errors.ts';
import { ownRules } from '../../policies/own-rules.ts';
import type { Rule } from '../../policies/rule.ts';
import type { Io } from './io.ts';

/** Given by bin/greenroom.cjs, where `import()` does not work; not there anywhere else. */
declare const importFile: ((url: string) => Promise<object>) | undefined;

export interface ExtensionOptions {
  extension: string[];
}

export function extensionOption(command: Command): Command {
  const collect = (file: string, all: string[]) => [...all, file];
  return command.option('--extension <file>', "an ES module of the platform's own; may be given again", collect, []);
}

/** What the modules of a platform bring. */
export interface Extensions {
  readonly extensions: readonly PreviewExtension[];
  /** Beside greenroom's own. */
  readonly extraRules: readonly Rule[];
}

/**
 * Loads extensions (docs/extending.md): ES modules whose default export is a PreviewExtension, or that export `rules`, or
 * both.
 *
 * @throws GreenroomError `invalid-input` for a file that is none; while compiling, `failed` for one that throws
 */
export async function loadExtensions({ extension: files }: ExtensionOptions, io: Io): Promise<Extensions> {
  const loaded = await Promise.all(files.map((file) => load(file, io)));
  const extraRules = loaded.flatMap((module) => module.extraRules);
  const twice = extraRules.find((rule, i) => extraRules.findIndex(({ id }) => id === rule.id) !== i);
  if (twice !== undefined) throw invalidInput([{ message: `two rules of extensions have the id ${twice.id}` }]);
  return { extensions: loaded.flatMap((module) => module.extensions), extraRules };
}

async function load(file: string, io: Io): Promise<Extensions> {
  let module: { default?: unknown; rules?: unknown };
  try {
    const { href } = pathToFileURL(resolve(io.cwd, file));
    module = await (typeof importFile === 'undefined' ? import(href) : importFile(href));
  } catch (cause) {
    throw invalidInput([{ file, message: `cannot be loaded as an ES module: ${messageOf(cause)}` }], cause);
  }
  const { default: extend, rules = [] } = module;
  const isFunction = typeof extend === 'function';
  if (!isFunction && (extend !== undefined || module.rules === undefined)) {
    const message = 'has neither a function as its default export nor `rules`; see docs/extending.md';
    throw invalidInput([{ file, message }]);
  }
  const extensions = isFunction ? [guarded(extend as PreviewExtension, file)] : [];
  return { extensions, extraRules: ownRules(rules, file) };
}

function guarded(extend: PreviewExtension, file: string): PreviewExtension {
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
