import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A command of the README that `greenroom init` writes, to the letter. */
export interface ReadmeCommand {
  readonly text: string;
  /** Name of the cluster that it is for; that of the reconciler where it says nothing. */
  readonly cluster: string | undefined;
}

/** Sections of the README that are commands, one after the other. */
export type Script = 'In the cluster, once' | 'To take it all down';

/**
 * The script of one of the README's sections: every line of its code blocks, in order. So what the tests run is what a
 * reader types, and a step that is only described is missed by them.
 *
 * @param dir the apps repo
 */
export function clusterScript(dir: string, title: Script = 'In the cluster, once'): ReadmeCommand[] {
  const readme = readFileSync(join(dir, 'README.md'), 'utf8');
  const [, section = ''] = new RegExp(`^## ${title}$([\\s\\S]*?)(?:^## |(?![\\s\\S]))`, 'm').exec(readme) ?? [];
  return [...section.matchAll(/^ {7}(\S.*)$/gm)].map(([, text = '']) => ({
    text,
    cluster: /# in the cluster (?!of )([\w-]+)/.exec(text)?.[1],
  }));
}
