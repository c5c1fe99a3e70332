/** File paths in the apps repo. ApplicationSets, reviewers and CODEOWNERS rely on them. */
export const PLATFORM_FILE = 'greenroom.yaml';
/**
 * The command as one file, which the workflows run. It is committed, so that no package registry decides which code
 * gets the bot's key.
 */
export const COMMAND_FILE = '.greenroom/greenroom.cjs';
/** Licences of the packages in the command. */
export const NOTICES_FILE = '.greenroom/NOTICES.txt';
export const PREVIEW_FILE = 'preview.yaml';
export const RECORD_FILE = 'preview.json';
export const EXCEPTIONS_GLOB = 'exceptions/*.yaml';
/** The platform's own modules. */
export const EXTENSIONS_GLOB = 'extensions/*.mjs';
/** Trusted roots for keyless signatures. */
export const TRUST_GLOB = 'trust/*.json';
export const RECORDS_GLOB = `previews/*/*/*/${RECORD_FILE}`;

/** `previews/<cluster>/<repo>/<name>`, without a trailing slash. */
export function previewFolder(cluster: string, repo: string, name: string): string {
  return `previews/${cluster}/${repo}/${name}`;
}

/** The name of a preview and the path below its folder, of a file of the apps repo; both empty for other files. */
export function placeOfPreviewFile(path: string): { readonly name: string; readonly below: string } {
  const [root, , , name = '', ...below] = path.split('/');
  return root === 'previews' && below.length > 0 ? { name, below: below.join('/') } : { name: '', below: '' };
}

/** The `<repo>` in a name `pr-<repo>-<n>`. */
export function repoOfName(name: string): string {
  return name.slice('pr-'.length, name.lastIndexOf('-'));
}

/**
 * Fences for pull requests that the reconciler lists itself, one folder per repository. The platform team writes them.
 */
export const LISTED_FENCES = 'bootstrap/pull-requests';
