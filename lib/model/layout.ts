/** Where things lie in the apps repo; a contract with ApplicationSets, reviewers and CODEOWNERS. */
export const PLATFORM_FILE = 'greenroom.yaml';
/** The command as one file, which the workflows run: no registry decides what holds the bot's key. */
export const COMMAND_FILE = '.greenroom/greenroom.cjs';
/** Licences of what is in the command. */
export const NOTICES_FILE = '.greenroom/NOTICES.txt';
export const PREVIEW_FILE = 'preview.yaml';
export const RECORD_FILE = 'preview.json';
export const EXCEPTIONS_GLOB = 'exceptions/*.yaml';
/** Modules of the platform's own. */
export const EXTENSIONS_GLOB = 'extensions/*.mjs';
/** Trusted roots for keyless signatures. */
export const TRUST_GLOB = 'trust/*.json';
export const RECORDS_GLOB = `previews/*/*/*/${RECORD_FILE}`;

/** `previews/<cluster>/<repo>/<name>`, without a slash at the end. */
export function previewFolder(cluster: string, repo: string, name: string): string {
  return `previews/${cluster}/${repo}/${name}`;
}

/** `<repo>` of a name `pr-<repo>-<n>`. */
export function repoOfName(name: string): string {
  return name.slice('pr-'.length, name.lastIndexOf('-'));
}

/** Fences for pull requests that the reconciler lists itself, a folder a repository: the platform team writes them. */
export const LISTED_FENCES = 'bootstrap/pull-requests';
