import { formatProblem, GreenroomError, type Problem } from '../core/errors.ts';
import type { FileSet } from '../core/fileset.ts';
import { loadMicroApp, type MicroApp, microAppFile } from './micro-app.ts';

/** The registrations of an apps repo at one commit. */
export class Registrations {
  /** Those that can be read, by `owner/name` in lower case. */
  readonly apps: ReadonlyMap<string, MicroApp>;
  /** What is wrong with the others. */
  readonly problems: readonly Problem[];

  /** @param files text by path; all but `apps/**.yaml` is passed over */
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

  /** What keeps the registration of a repository from being read; null for nothing. */
  troubleWith({ path }: { readonly path: string }): string | null {
    const file = microAppFile(path).toLowerCase();
    const own = this.problems.filter((problem) => problem.file?.toLowerCase() === file);
    return own.length === 0 ? null : own.map(formatProblem).join('; ');
  }

  /** That of a repository; null for none that can be read, and for one of another repository that had its name. */
  of(repository: { readonly path: string; readonly id: number }): MicroApp | null {
    const app = this.apps.get(repository.path.toLowerCase());
    return app !== undefined && (app.repositoryId ?? repository.id) === repository.id ? app : null;
  }

  /** Whether a repository has one, and not another that had its name. One that cannot be read counts: a slip ends nothing. */
  has(repository: { readonly path: string; readonly id: number }): boolean {
    return this.troubleWith(repository) !== null || this.of(repository) !== null;
  }
}
