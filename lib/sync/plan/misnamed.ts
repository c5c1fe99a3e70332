import type { Forge, PullRequest } from '../../forge/forge.ts';
import { PREVIEW_FILE } from '../../model/layout.ts';

/**
 * A maker's file that lies where nobody reads it (`preview.yml`, `app/preview.yaml`), among what a pull request changes; null
 * where there is none, or nobody knows. It has to say itself that it is one: other tools have files of that name, too.
 */
export async function misnamedFile(
  forge: Pick<Forge, 'changedFiles' | 'readFile'>,
  pull: PullRequest,
): Promise<string | null> {
  try {
    const changed = await forge.changedFiles(pull);
    const paths = changed.status === 'found' && changed.value.length > 0 ? changed.value : ['preview.yml'];
    const path = paths.find((each) => /(^|\/)\.?preview\.ya?ml$/i.test(each) && each !== PREVIEW_FILE);
    if (path === undefined) return null;
    const text = await forge.readFile(pull.repository, pull.head.sha, path);
    return text?.includes('greenroom.dev/') === true ? path : null;
  } catch {
    // A hint: whatever keeps it from us is told where it matters.
    return null;
  }
}
