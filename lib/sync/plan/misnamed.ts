import type { Forge, PullRequest } from '../../forge/forge.ts';
import { PREVIEW_FILE } from '../../model/layout.ts';

/**
 * A preview file at a wrong path (`preview.yml`, `app/preview.yaml`) among the changed files; null if there is none, or
 * if that is not known. Its text must name greenroom, since other tools have files of that name too.
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
    // This is only a hint. The same failure is reported where the answer matters.
    return null;
  }
}
