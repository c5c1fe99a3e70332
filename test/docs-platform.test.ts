import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadPlatform, loadPreview } from '../lib/model/files.ts';
import { PLACEHOLDERS } from '../lib/model/placeholders.ts';

const page = (name: string) => readFileSync(resolve(import.meta.dirname, '../docs', name), 'utf8');
const examples = (name: string) => [...page(name).matchAll(/^```yaml\n(.*?)^```$/gms)].map((match) => match[1]!);

describe('the files in the docs are right as they stand', () => {
  test.each(examples('preview-yaml.md'))('of a maker: %#', (text) => {
    expect(() => loadPreview(text, 'preview.yaml')).not.toThrow();
  });

  test.each(examples('platform-settings.md'))('of a platform team: %#', (text) => {
    expect(() => loadPlatform(text, 'greenroom.yaml')).not.toThrow();
  });
});

test('the docs list every placeholder, in the words of the code', () => {
  const text = page('preview-yaml.md');
  for (const [name, meaning] of Object.entries(PLACEHOLDERS))
    expect(text).toContain(`| \`\${${name}}\` | ${meaning} |`);
});
