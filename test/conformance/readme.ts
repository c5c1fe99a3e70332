import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A command of the README that `greenroom init` writes, to the letter. */
export interface ReadmeCommand {
  readonly text: string;
  /** Name of the cluster that it is for; that of the reconciler where it says nothing. */
  readonly cluster: string | undefined;
}

/**
 * The script of the README's section "In the cluster, once": every line of its code blocks, in order. So what the tests
 * install is what a reader types, and a step that is only described is missed by them.
 *
 * @param dir the apps repo
 */
export function clusterScript(dir: string): ReadmeCommand[] {
  const readme = readFileSync(join(dir, 'README.md'), 'utf8');
  const [, section = ''] = /^## In the cluster, once$([\s\S]*?)^## /m.exec(readme) ?? [];
  return [...section.matchAll(/^ {7}(\S.*)$/gm)].map(([, text = '']) => ({
    text,
    cluster: /# in the cluster (?!of )([\w-]+)/.exec(text)?.[1],
  }));
}
