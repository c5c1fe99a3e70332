/** A whole Pod around the parts of an example, which are YAML in flow style. */
export function examplePod(parts: { container?: string; spec?: string; annotations?: string }): string {
  const { container = '', spec = '', annotations } = parts;
  return [
    'apiVersion: v1',
    'kind: Pod',
    annotations ? `metadata: { name: web, annotations: { ${annotations} } }` : 'metadata: { name: web }',
    'spec:',
    ...(spec ? [`  ${spec}`] : []),
    '  containers:',
    `    - name: web`,
    '      image: ghcr.io/acme/shop',
    ...(container ? [`      ${container}`] : []),
    '',
  ].join('\n');
}

/** A whole Service around its spec, which is YAML in flow style. */
export function exampleService(spec: string): string {
  return ['apiVersion: v1', 'kind: Service', 'metadata: { name: web }', `spec: ${spec}`, ''].join('\n');
}
