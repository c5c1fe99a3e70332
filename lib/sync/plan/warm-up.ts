import { createCompiler } from '../../compile/compile.ts';
import { loadPreview } from '../../model/files.ts';
import { PREVIEW_FILE } from '../../model/layout.ts';
import { defaultPlatform } from '../../model/platform.ts';
import { API_VERSION } from '../../model/scalars.ts';
import type { SyncContext } from './base.ts';

const TEXT = `apiVersion: ${API_VERSION}
kind: Preview
spec: { template: web-service, image: registry.example.com/owner/app, port: 8080, health: / }
`;

/** As often as it takes for the engine to have compiled most of it. */
const TIMES = 5;

/**
 * Compiles a preview of nobody's, and asks nobody: what a process loads and compiles for its first preview takes a second,
 * in which a receiver answers nothing.
 */
export function warmUp({ cel }: SyncContext): void {
  const compile = createCompiler({ platform: defaultPlatform(), now: 0, cel });
  for (let number = 1; number <= TIMES; number += 1) {
    compile({
      preview: loadPreview(TEXT, PREVIEW_FILE),
      manifests: null,
      identity: { repositoryId: 1, owner: 'owner', repository: 'app', number },
      headSha: '0'.repeat(40),
      author: 'nobody',
      labels: [],
      times: { createdAt: 0, updatedAt: 0, committedAt: 0 },
    });
  }
}
