import type { CompileInput } from '../../lib/compile/compiler.ts';
import type { FileSet } from '../../lib/core/fileset.ts';
import { loadPlatform, loadPreview } from '../../lib/model/files.ts';
import type { PlatformSpec } from '../../lib/model/platform.ts';

/** The smallest platform that works, plus the given lines under `spec`. */
export function platformText(extra = ''): string {
  const indented = extra === '' ? '' : `${extra.trim().replace(/^/gm, '  ')}\n`;
  return `apiVersion: greenroom.dev/v1alpha1
kind: Platform
spec:
  domain: apps.example.com
  sources: [{ owner: acme }]
  registries: [ghcr.io/acme]
${indented}`;
}

export function platform(extra = ''): PlatformSpec {
  return loadPlatform(platformText(extra), 'greenroom.yaml').value.spec;
}

/** A preview file of a web service, plus the given lines under `spec`. */
export function previewText(extra = '', image = 'ghcr.io/acme/shop'): string {
  const indented = extra === '' ? '' : `${extra.trim().replace(/^/gm, '  ')}\n`;
  return `apiVersion: greenroom.dev/v1alpha1
kind: Preview
spec:
  template: web-service
  image: ${image}
${indented}`;
}

/** 24 November 2026, 08:00 UTC. */
export const OPENED = Date.UTC(2026, 10, 24, 8) / 1000;

/** Pull request 7 of acme/shop with this preview file. */
export function compileInput(text = previewText(), overrides: Partial<CompileInput> = {}): CompileInput {
  return {
    preview: loadPreview(text, 'preview.yaml'),
    manifests: null,
    identity: { repositoryId: 42, owner: 'acme', repository: 'shop', number: 7 },
    headSha: 'a1b2c3d'.padEnd(40, '0'),
    author: 'mia',
    labels: [],
    times: { createdAt: OPENED, updatedAt: OPENED, committedAt: OPENED },
    ...overrides,
  };
}

export function manifests(files: Record<string, string>): FileSet {
  return new Map(Object.entries(files));
}
