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

/** Enough runs for the JavaScript engine to compile most of the code. */
const TIMES = 5;

/**
 * Compiles a made-up preview without any request. The first preview of a process takes a second longer, because code is
 * loaded and compiled; during this time a receiver would not answer.
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
