import { blamingPlatform } from '../core/errors.ts';
import { type Loaded, loadDocument, MAX_PLATFORM_BYTES, MAX_PREVIEW_BYTES } from './load.ts';
import { type Platform, platformSchema } from './platform.ts';
import { type Preview, previewSchema } from './preview.ts';
import { EMPTY_PREVIEW, strangerIn } from './strangers.ts';

/**
 * Reads a `preview.yaml` and fills in defaults.
 *
 * @throws GreenroomError `invalid-input` with every problem of the file
 */
export function loadPreview(input: string | Uint8Array, file: string): Loaded<Preview> {
  return loadDocument(previewSchema, input, file, {
    maxBytes: MAX_PREVIEW_BYTES,
    empty: EMPTY_PREVIEW,
    stranger: strangerIn,
  });
}

/**
 * Reads a `greenroom.yaml` and fills in defaults.
 *
 * @throws GreenroomError `invalid-input` with every problem of the file
 */
export function loadPlatform(input: string | Uint8Array, file: string): Loaded<Platform> {
  return blamingPlatform(() => loadDocument(platformSchema, input, file, { maxBytes: MAX_PLATFORM_BYTES }));
}
