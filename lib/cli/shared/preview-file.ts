import { dirname, join } from 'node:path';
import { type FileSet, fileSet } from '../../core/fileset.ts';
import { FILE_KINDS, PREVIEW_SCHEMA_FILE, schemaHint, schemaText } from '../../model/schemas.ts';

/** A preview.yaml and, next to it, the schema that its first line names, for checks and completion in editors. */
export function withSchema(path: string, text: string): FileSet {
  return fileSet([
    [path, `${schemaHint(PREVIEW_SCHEMA_FILE)}${text}`],
    [join(dirname(path), PREVIEW_SCHEMA_FILE), schemaText('preview', FILE_KINDS.preview)],
  ]);
}
