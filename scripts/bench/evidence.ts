import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openRegistries } from '../../lib/evidence/registry/open.ts';
import { createTrust } from '../../lib/evidence/signatures/trust.ts';
import { createVerifier } from '../../lib/evidence/verify-image.ts';
import { type ImageReference, parseImage } from '../../lib/model/image.ts';
import { judge } from '../../test/conformance/judges.ts';
import { run } from '../../test/conformance/run.ts';
import { startRegistries } from '../../test/conformance/support/registries.ts';
import { platform } from '../../test/support/inputs.ts';
import { interleave, ratio, row, time, timeCommand } from './measure.ts';

const HEAD = 'a1b2c3d'.padEnd(40, '0');
const SIGN_V1 = 'https://sigstore.dev/cosign/sign/v1';

/** One image with signature, SBOM, provenance and report, verified without caches; compared with cosign on the same image. */
export async function evidence(rounds: number): Promise<void> {
  console.log('One fully evidenced image, verified against a registry of this machine');
  const [crane, cosign, registries] = [await judge('crane'), await judge('cosign'), await startRegistries('bench')];
  try {
    const { folder } = registries;
    const env = { HOME: folder, COSIGN_PASSWORD: '' };
    const sign = (...args: readonly string[]) => run(cosign, args, { cwd: folder, env });
    writeFileSync(join(folder, 'layer.tar'), Buffer.alloc(1024));
    const tag = `${registries.hosts.referrers}/acme/app:1`;
    await run(crane, ['append', `--new_layer=${join(folder, 'layer.tar')}`, `--new_tag=${tag}`]);
    const image = `${tag.slice(0, -2)}@${(await run(crane, ['digest', tag])).trim()}`;
    await sign('generate-key-pair', '--output-key-prefix=signer');
    const offline = ['--key=signer.key', '--tlog-upload=false', '--use-signing-config=false', '--yes'];
    await sign('sign', ...offline, image);
    for (const [type, predicate] of Object.entries(predicates())) {
      writeFileSync(join(folder, 'predicate.json'), JSON.stringify(predicate));
      await sign('attest', ...offline, `--type=${type}`, '--predicate=predicate.json', image);
    }
    const key = await run('cat', [join(folder, 'signer.pub')]);
    const theirs = (...args: readonly string[]) =>
      timeCommand({
        program: 'env',
        args: [`HOME=${folder}`, cosign, ...args, '--key=signer.pub', '--insecure-ignore-tlog=true', image],
        cwd: folder,
      });
    const times = await interleave(
      {
        cold: () => time(() => verify(image, key, folder)),
        'cosign verify': () => theirs('verify'),
        'cosign verify-attestation': () => theirs('verify-attestation', `--type=${SIGN_V1}`),
      },
      rounds,
    );
    row('greenroom, nothing known, all four demands', times['cold']!);
    row('cosign verify', times['cosign verify']!);
    row('cosign verify-attestation, one type', times['cosign verify-attestation']!);
    const both = times['cosign verify']!.median + times['cosign verify-attestation']!.median;
    ratio('cosign verify + verify-attestation / greenroom', both / times['cold']!.median, { atLeast: 5 });
    ratio('greenroom cold / 500 ms', times['cold']!.median / 500, { atMost: 1 });
  } finally {
    await registries.stop();
  }
}

async function verify(image: string, key: string, folder: string): Promise<void> {
  const { evidence } = platform(
    `evidence: { require: [signature, sbom, provenance, vulnerabilities], keys: [${JSON.stringify(key)}] }`,
  );
  const now = () => Math.floor(Date.now() / 1000);
  const policy = { settings: evidence, trust: createTrust(evidence, new Map(), now()) };
  const reference = parseImage(image) as ImageReference;
  const subject = { repositoryId: 42, repository: 'acme/shop', number: 7, head: HEAD };
  const verifier = createVerifier(openRegistries({ DOCKER_CONFIG: folder }), now);
  const verified = await verifier.verify(reference, reference.digest!, policy, subject, async () => []);
  const verdicts = verified.status === 'evaluated' ? Object.values(verified.verdicts) : [];
  if (verdicts.length !== 4 || verdicts.some(({ status }) => status !== 'shown')) {
    throw new Error(`the image should show all: ${JSON.stringify(verified)}`);
  }
}

/** By cosign's name of the type. */
function predicates(): Readonly<Record<string, object>> {
  const at = new Date().toISOString();
  const result = {
    SchemaVersion: 2,
    CreatedAt: at,
    ArtifactType: 'container_image',
    Results: [{ Vulnerabilities: [] }],
  };
  const dependency = { uri: 'git+https://github.com/acme/shop@refs/heads/main', digest: { gitCommit: HEAD } };
  const packages = Array.from({ length: 300 }, (_, n) => ({ name: `package-${n}`, SPDXID: `SPDXRef-${n}` }));
  return {
    spdxjson: { spdxVersion: 'SPDX-2.3', SPDXID: 'SPDXRef-DOCUMENT', name: 'app', packages },
    vuln: {
      invocation: { uri: '', event_id: '', 'builder.id': '' },
      scanner: { uri: 'trivy', version: '0.74.0', db: { uri: '', version: '' }, result },
      metadata: { scanStartedOn: at, scanFinishedOn: at },
    },
    slsaprovenance1: {
      buildDefinition: {
        buildType: 'https://example.com/build',
        externalParameters: {},
        resolvedDependencies: [dependency],
      },
      runDetails: { builder: { id: 'https://example.com/builder' } },
    },
  };
}
