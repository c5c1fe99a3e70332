/** Removes the user part of URLs, token parameters and the given secrets from a text for people or logs. */
export function redact(text: string, secrets: readonly string[] = []): string {
  let out = text;
  for (const secret of secrets) if (secret !== '') out = out.replaceAll(secret, '***');
  return out
    .replace(/([a-z][a-z0-9+.-]*:\/\/)[^\s/'"]*@/gi, '$1')
    .replace(/([?&][a-z_-]*(?:token|secret|password|key)=)[^&\s'"]+/gi, '$1***');
}
