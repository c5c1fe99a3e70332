import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Command } from 'commander';
import type { PreviewExtension } from '../../constructs/extension.ts';
import { sha256 } from '../../core/digest.ts';
import { blamingPlatform, GreenroomError, invalidInput, type Problem, platformAtFault } from '../../core/errors.ts';
import type { FileSet } from '../../core/fileset.ts';
import { missingModules, namedExtensions } from '../../model/platform/extensions.ts';
import { ownRules } from '../../policies/own-rules.ts';
import type { ModuleLoader, OwnModules } from '../../sync/plan/base.ts';
import { readInput } from './files.ts';
import type { Io } from './io.ts';

/** Defined by bin/greenroom.cjs, where `import()` does not work; undefined elsewhere. */
declare const importFile: ((url: string) => Promise<object>) | undefined;

export interface ExtensionOptions {
  extension?: string[];
}

export function extensionOption(command: Command): Command {
  const collect = (file: string, all: string[]) => [...all, file];
  return command.option(
    '--extension <file>',
    "an ES module with the platform's own rules or objects; can be repeated",
    collect,
    [],
  );
}

/**
 * Loads extensions (docs/extending.md): ES modules whose default export is a PreviewExtension, or that export `rules`,
 * or both.
 *
 * @param platformFile a greenroom.yaml whose `extensions` are loaded too; their paths are relative to its folder
 * @throws GreenroomError `invalid-input` if a file is not an extension and, while compiling, if an extension throws
 */
export async function loadExtensions(
  { extension: files = [] }: ExtensionOptions,
  io: Io,
  platformFile?: string,
): Promise<OwnModules> {
  const given = await loadAll(files, io);
  if (platformFile === undefined || !existsSync(resolve(io.cwd, platformFile))) return given;
  const text = new TextDecoder().decode(readInput(io.cwd, platformFile));
  const named = namedExtensions(text);
  const folder = dirname(platformFile);
  const missing = missingModules(text, platformFile, (path) => existsSync(resolve(io.cwd, folder, path)));
  if (missing.length > 0) throw platformAtFault(missing);
  const own = await loadAll(
    named.map((path) => join(folder, path)),
    io,
  );
  return together([given, own]);
}

/** Loads modules from the apps repo's files; unchanged modules are loaded only once. */
export function moduleLoader(io: Io): ModuleLoader {
  let last: { readonly key: string; readonly modules: Promise<OwnModules> } | undefined;
  return (named, files) => {
    const modules = [...files].filter(([path]) => path.startsWith('extensions/'));
    const key = sha256(JSON.stringify([named, modules]));
    if (last?.key !== key) last = { key, modules: loadOut(named, new Map(modules), io) };
    return last.modules;
  };
}

/** Imports the modules from a separate folder, so that they can import each other and nothing else. */
async function loadOut(named: readonly string[], files: FileSet, io: Io): Promise<OwnModules> {
  const folder = mkdtempSync(join(tmpdir(), 'greenroom-extensions-'));
  try {
    mkdirSync(join(folder, 'extensions'));
    for (const [path, text] of files) writeFileSync(join(folder, path), text);
    return await loadAll(named, { ...io, cwd: folder });
  } catch (error) {
    return blamingPlatform(() => {
      throw error;
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function loadAll(files: readonly string[], io: Io): Promise<OwnModules> {
  return together(await Promise.all(files.map((file) => load(file, io))));
}

function together(all: readonly OwnModules[]): OwnModules {
  const extraRules = all.flatMap((modules) => modules.extraRules);
  const twice = extraRules.find((rule, i) => extraRules.findIndex(({ id }) => id === rule.id) !== i);
  if (twice !== undefined) throw invalidInput([{ message: `two rules of extensions have the id ${twice.id}` }]);
  return { extensions: all.flatMap((modules) => modules.extensions), extraRules };
}

async function load(file: string, io: Io): Promise<OwnModules> {
  let module: { default?: unknown; rules?: unknown };
  try {
    const { href } = pathToFileURL(resolve(io.cwd, file));
    module = await (typeof importFile === 'undefined' ? import(href) : importFile(href));
  } catch (cause) {
    throw invalidInput([{ file, ...loadProblem(cause, resolve(io.cwd, file)) }], cause);
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

/** Why a module cannot be loaded, without its folder: a temporary folder helps nobody. */
function loadProblem(cause: unknown, path: string): Pick<Problem, 'message'> {
  const said = messageOf(cause);
  const folder = dirname(path);
  const [, missing] = /^Cannot find package '([^']+)'/.exec(said) ?? [];
  if (missing !== undefined) {
    const message = `imports the package ${missing}, which is not there: bundle the module with all that it needs (docs/extending.md)`;
    return { message };
  }
  const [, file] = /^Cannot find module '([^']+)'/.exec(said) ?? [];
  if (file !== undefined && file !== path) {
    const beside = relative(folder, file);
    const named = beside.startsWith('..') ? basename(file) : `./${beside}`;
    return { message: `imports ${named}, which is not there: add that file, or bundle the module` };
  }
  const own = said.replaceAll(pathToFileURL(folder).href, '.').replaceAll(folder, '.');
  return { message: `cannot be loaded as an ES module: ${own}` };
}

function guarded(extend: PreviewExtension, file: string): PreviewExtension {
  return (scope) => {
    try {
      extend(scope);
    } catch (cause) {
      if (cause instanceof GreenroomError) throw cause;
      throw platformAtFault([{ file, message: `the extension failed: ${messageOf(cause)}` }], cause);
    }
  };
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
}
