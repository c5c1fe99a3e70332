import { formatProblem, GreenroomError, type Problem } from '../core/errors.ts';
import type { FileSet } from '../core/fileset.ts';
import { loadMicroApp, type MicroApp, microAppFile } from './micro-app.ts';

/** The registrations of an apps repo at one commit. */
export class Registrations {
  /** Valid registrations, by `owner/name` in lower case. */
  readonly apps: ReadonlyMap<string, MicroApp>;
  /** Problems of the invalid ones. */
  readonly problems: readonly Problem[];

  /** @param files text by path; only `apps/**.yaml` is read */
  constructor(files: FileSet) {
    const apps = new Map<string, MicroApp>();
    const problems: Problem[] = [];
    const paths = new Set([...files.keys()].map((path) => path.toLowerCase()));
    for (const [path, text] of files) {
      if (!/^apps\/.+\.yaml$/.test(path)) continue;
      try {
        const app = loadMicroApp(text, path).value.spec;
        const key = app.repository.toLowerCase();
        // The file of another repository does not speak for one that has a file of its own.
        if (path.toLowerCase() === microAppFile(key) || !paths.has(microAppFile(key))) apps.set(key, app);
      } catch (error) {
        if (!(error instanceof GreenroomError)) throw error;
        problems.push(...error.problems);
      }
    }
    this.apps = apps;
    this.problems = problems;
  }

  /** Why the registration of a repository cannot be read; null if nothing is wrong. */
  troubleWith({ path }: { readonly path: string }): string | null {
    const file = microAppFile(path).toLowerCase();
    const own = this.problems.filter((problem) => problem.file?.toLowerCase() === file);
    return own.length === 0 ? null : own.map(formatProblem).join('; ');
  }

  /**
   * The registration of a repository; null if there is no valid one, or if it is for another repository that had the
   * same name.
   */
  of(repository: { readonly path: string; readonly id: number }): MicroApp | null {
    const app = this.apps.get(repository.path.toLowerCase());
    return app !== undefined && (app.repositoryId ?? repository.id) === repository.id ? app : null;
  }

  /**
   * Whether a repository is registered, and not only another one that had its name. An invalid registration counts, so
   * that a mistake in a file ends no preview.
   */
  has(repository: { readonly path: string; readonly id: number }): boolean {
    return this.troubleWith(repository) !== null || this.of(repository) !== null;
  }
}
