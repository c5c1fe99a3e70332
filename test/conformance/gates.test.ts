import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createCompiler } from '../../lib/compile/compile.ts';
import { loadPlatform } from '../../lib/model/files.ts';
import { compileInput, OPENED } from '../support/inputs.ts';
import { sourceOf } from './go.ts';
import { judgeModule } from './judges.ts';

const DOCS = fileURLToPath(new URL('../../docs/platform-settings.md', import.meta.url));
const [, section = ''] = /^## A gate in front of all previews$([\s\S]*?)^## /m.exec(readFileSync(DOCS, 'utf8')) ?? [];
const [nginx = '', traefik = ''] = [...section.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(([, text]) => text);

/** The annotations of the route that a preview has under these settings. */
function annotations(platformText: string): Readonly<Record<string, string>> {
  const platform = loadPlatform(platformText, 'greenroom.yaml').value.spec;
  const { files, findings } = createCompiler({ platform, now: OPENED })(compileInput());
  expect(findings).toEqual([]);
  const [, route = ''] = [...files].find(([path]) => path.includes('/ingress.')) ?? [];
  return parse(route).metadata.annotations;
}

const source = async (module: string, path: string) =>
  readFileSync(join(await sourceOf(module, judgeModule('gates')), path), 'utf8');

/** What the docs show is held against what the controllers read, in the sources that the Go module proxy has. */
describe('a gate in front of all previews', () => {
  it('by ingress-nginx: it reads these annotations, and takes their values', async () => {
    const given = annotations(nginx);
    const parser = await source('k8s.io/ingress-nginx', 'internal/ingress/annotations/authreq/main.go');
    const validators = await source('k8s.io/ingress-nginx', 'internal/ingress/annotations/parser/validators.go');
    const constant = (name: string) => new RegExp(`^\\t${name} += .*?\`([^\`]+)\``, 'm').exec(validators)?.[1] ?? '';
    const quoted = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
    const letters = constant('alphaNumericChars');
    const classes: Readonly<Record<string, string>> = {
      URLIsValidRegex: letters + quoted(constant('urlEnabledChars')),
      URLWithNginxVariableRegex: `${letters}, ${quoted(constant('urlEnabledChars'))}$`,
    };
    for (const name of ['auth-url', 'auth-signin']) {
      const [, variable] = new RegExp(`^\\t(\\w+) += "${name}"$`, 'm').exec(parser) ?? [];
      const [, validator = ''] =
        new RegExp(`${variable}: \\{\\s+Validator: +parser.ValidateRegex\\(parser\\.(\\w+)`).exec(parser) ?? [];
      expect([name, Object.keys(classes)]).toEqual([name, expect.arrayContaining([validator])]);
      expect(given[`nginx.ingress.kubernetes.io/${name}`]).toMatch(new RegExp(`^[${classes[validator]}]+$`));
    }
  });

  it('by Traefik: it reads this annotation as names of middlewares of the Kubernetes provider', async () => {
    const given = annotations(traefik);
    const text = await source('github.com/traefik/traefik/v3', 'pkg/provider/kubernetes/ingress/annotations.go');
    expect(text).toContain('annotationsPrefix = "traefik.ingress.kubernetes.io/"');
    expect(text).toMatch(/Router \*RouterIng `json:"router,omitempty"`/);
    expect(text).toMatch(/type RouterIng struct \{[^}]*Middlewares +\[\]string +`json:"middlewares,omitempty"`/);
    const crd = await source('github.com/traefik/traefik/v3', 'pkg/provider/kubernetes/crd/kubernetes.go');
    expect(crd).toMatch(/ProviderName += "kubernetescrd"/);
    // Its names of objects are <namespace>-<name>@<provider>.
    const { controllerNamespace } = parse(traefik).spec.ingress;
    expect(given['traefik.ingress.kubernetes.io/router.middlewares']).toMatch(
      new RegExp(`^${controllerNamespace}-[a-z-]+@kubernetescrd$`),
    );
  });

  it('by Traefik where it was told to look away from it in some namespaces: what the docs warn of', async () => {
    const text = await source('github.com/traefik/traefik/v3', 'pkg/provider/kubernetes/ingress/kubernetes.go');
    expect(text).toMatch(/CrossProviderNamespaces +\[\]string .*json:"crossProviderNamespaces,omitempty"/);
    expect(section).toContain('`providers.kubernetesIngress.crossProviderNamespaces`');
  });

  it('by Envoy Gateway: a SecurityPolicy with oidc targets a Gateway', async () => {
    expect(section).toContain('Envoy Gateway: a SecurityPolicy with `oidc`');
    const text = await source('github.com/envoyproxy/gateway', 'api/v1alpha1/securitypolicy_types.go');
    expect(text).toMatch(/OIDC \*OIDC `json:"oidc,omitempty"`/);
    expect(text).toMatch(/'Gateway'/);
  });
});
