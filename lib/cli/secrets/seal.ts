import { dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { appsOf } from '../../compile/apps.ts';
import { systemClock } from '../../core/clock.ts';
import { GreenroomError, invalidInput } from '../../core/errors.ts';
import { emitYaml } from '../../core/yaml.ts';
import { MAX_FILE_BYTES } from '../../forge/forge.ts';
import { readWorkFile } from '../../forge/work-folder.ts';
import { readCertificate, type SealingCertificate } from '../../model/certificate.ts';
import { loadPreview } from '../../model/files.ts';
import { PLATFORM_FILE, PREVIEW_FILE } from '../../model/layout.ts';
import type { PlatformSpec } from '../../model/platform.ts';
import type { Preview } from '../../model/preview.ts';
import { COMMITTED_SECRET, lastPart } from '../../model/secret-reference.ts';
import { count, dayAndTime } from '../../report/text.ts';
import { seal, sealedSecret } from '../../secrets/sealed-secret.ts';
import { orCancelled } from '../new/questions.ts';
import { readInput, writeFiles } from '../shared/files.ts';
import { type Io, json } from '../shared/io.ts';
import { type Format, formatOption, numberArgument, repositoryArgument } from '../shared/options.ts';
import { findPlatform, type PlatformOptions, platformOptions } from '../shared/platform.ts';
import { prefixWords } from './prefix.ts';
import { keptValues } from './sealed-file.ts';
import { type TargetOptions, targetOf } from './target.ts';
import { readValues, type ValueOptions } from './values.ts';

interface SealOptions extends PlatformOptions, TargetOptions, ValueOptions {
  cert?: string;
  out?: string;
  replace?: boolean;
  format: Format;
}

const again = (value: string, all: string[]) => [...all, value];

export function configureSeal(command: Command, io: Io): void {
  platformOptions(formatOption(command))
    .argument('[key]', 'key, or variable of preview.yaml; its value is read from standard input')
    .option('--from-file <[key=]path>', 'a value from a file, byte for byte; can be repeated', again, [])
    .option('--from-env-file <file>', 'values from a file of NAME=value lines; can be repeated', again, [])
    .option('--pr <number>', 'number of the pull request; default: the open one of the current branch', numberArgument)
    .option(
      '--repo <owner/name>',
      'repository of the pull request; default: that of the Git remote',
      repositoryArgument,
    )
    .option('--repo-id <id>', "the forge's numeric id of the repository; default: asked from the forge", numberArgument)
    .option('--forge <dir>', 'folder of a local forge; default: the forge in GREENROOM_FORGE')
    .option(
      '--cert <file>',
      `certificate of the Sealed Secrets controller; default: secrets.certificate of ${PLATFORM_FILE}`,
    )
    .option(
      '--out <file>',
      'output file, - for standard output; default: a file in the manifests folder of preview.yaml',
    )
    .option('--replace', 'remove the values that the file already contains')
    .addHelpText(
      'after',
      `
Encrypts values for the preview of one pull request. They can be decrypted only there, so the file can be committed.
After the merge, seal them again for the next pull request. Values are never read from the command line, written to
disk or printed. One line break at the end of standard input is removed.

Examples:
  pass show stripe | greenroom secrets seal STRIPE_KEY --apps-repo acme/previews
  greenroom secrets seal --from-env-file .env --pr 7
  greenroom secrets seal --from-file tls.key=key.pem --cert sealed-secrets.pem --pr 7 --out -`,
    )
    .action((key: string | undefined, options: SealOptions) =>
      orCancelled(io, () => run(key, options, io), 'nothing was sealed'),
    );
}

async function run(key: string | undefined, options: SealOptions, io: Io): Promise<void> {
  const side = await findPlatform(options, ['.'], systemClock(), io);
  if (side === null) {
    throw new GreenroomError(
      'invalid-input',
      `there is no ${PLATFORM_FILE} here or above: give --platform FILE or --apps-repo WHERE`,
    );
  }
  const { platform } = side;
  refuseOtherMechanism(platform);
  const certificate = certificateOf(options, platform, io);
  const preview = previewHere(io);
  const file = options.out ?? defaultFile(preview, io);
  const wanted = keysOf(preview);
  // Check everything else before asking for values.
  const namespace = await targetOf(options, platform, io);
  const values = await readValues(key, options, (name) => wanted.get(name) ?? name, io);
  const target = { namespace, name: COMMITTED_SECRET };
  const kept =
    file === '-' ? new Map() : keptValues(file, target, new Set(values.keys()), options.replace === true, io);
  const sealed = [...values].map(([name, value]) => [name, seal(value, certificate.publicKey, target)] as const);
  const all = new Map<string, string>([...kept, ...sealed]);
  const text = `# Sealed for ${namespace} alone by greenroom secrets seal.\n${emitYaml(sealedSecret(target, all))}`;
  if (Buffer.byteLength(text) > MAX_FILE_BYTES) {
    const message = `would be ${Buffer.byteLength(text)} bytes long; at most ${MAX_FILE_BYTES} are read of a file`;
    throw invalidInput([{ file, message }]);
  }
  if (file === '-') io.out(text);
  else writeFiles(resolve(io.cwd, dirname(file)), new Map([[file.slice(file.lastIndexOf('/') + 1), text]]));
  const missing = [...new Set(wanted.values())].filter((name) => !all.has(name));
  report({ file, ...target, sealed: [...values.keys()], kept: [...kept.keys()], missing }, options.format, io);
}

interface Sealed {
  readonly file: string;
  readonly namespace: string;
  readonly name: string;
  readonly sealed: readonly string[];
  readonly kept: readonly string[];
  /** Keys that preview.yaml uses but that are not in the file. */
  readonly missing: readonly string[];
}

function report(sealed: Sealed, format: Format, io: Io): void {
  if (sealed.file === '-') return;
  if (format === 'json') {
    io.out(json(sealed));
    return;
  }
  const { file, namespace, kept, missing } = sealed;
  const others = kept.length === 0 ? '' : `; kept ${kept.join(', ')}`;
  io.out(`${file}: sealed ${sealed.sealed.join(', ')} for ${namespace}${others}\n`);
  if (missing.length > 0)
    io.err(
      `Still to be sealed, since preview.yaml reads ${count(missing.length, 'more key')}: ${missing.join(', ')}\n`,
    );
}

function refuseOtherMechanism({ secrets: { mechanism, store, prefix } }: PlatformSpec): void {
  if (mechanism === 'sealed-secrets') return;
  const instead =
    mechanism === 'external-secrets'
      ? `put the value into the store "${store}" under ${prefixWords(prefix)}, and name it under secrets in preview.yaml`
      : 'encrypt the Secret with sops, and commit it to the manifests folder';
  throw new GreenroomError(
    'invalid-input',
    `this platform does not work with Sealed Secrets (secrets.mechanism is ${mechanism}): ${instead}`,
  );
}

function certificateOf({ cert }: SealOptions, { secrets }: PlatformSpec, io: Io): SealingCertificate {
  const pem = cert === undefined ? secrets.certificate : new TextDecoder().decode(readInput(io.cwd, cert, 65_536));
  if (pem === undefined) {
    const message = `${PLATFORM_FILE} has no secrets.certificate: give --cert FILE (\`kubeseal --fetch-cert\` prints it), or ask the platform team`;
    throw new GreenroomError('invalid-input', message);
  }
  const file = cert ?? PLATFORM_FILE;
  const field = cert === undefined ? { field: 'spec.secrets.certificate' } : {};
  const read = readCertificate(pem);
  const problem = typeof read === 'string' ? read : timeProblem(read);
  if (typeof read === 'string' || problem !== undefined) throw invalidInput([{ file, ...field, message: problem! }]);
  return read;
}

function timeProblem({ validFrom, validTo }: SealingCertificate): string | undefined {
  const now = systemClock();
  const newer = 'ask the platform team for the present one (`kubeseal --fetch-cert`)';
  if (validTo < now) return `expired on ${dayAndTime(validTo)}: ${newer}`;
  return validFrom > now ? `is valid only from ${dayAndTime(validFrom)}: ${newer}` : undefined;
}

/** Null if there is no preview.yaml, e.g. in a folder where only the sealed text is wanted. */
function previewHere(io: Io): Preview | null {
  const text = readWorkFile(resolve(io.cwd), PREVIEW_FILE);
  return text === null ? null : loadPreview(text, PREVIEW_FILE).value;
}

/** @throws GreenroomError `invalid-input` if it is, or lies behind, a symbolic link: that may lead out of the repository */
function defaultFile(preview: Preview | null, io: Io): string {
  const folder = preview?.spec.manifests;
  if (folder !== undefined) {
    const file = join(folder, `${COMMITTED_SECRET}.yaml`);
    readWorkFile(resolve(io.cwd), file);
    return file;
  }
  const why =
    preview === null
      ? `there is no ${PREVIEW_FILE} here`
      : `${PREVIEW_FILE} names no folder of manifests: add \`manifests: manifests\` under spec`;
  throw new GreenroomError('invalid-input', `${why}; or say where with --out (- prints)`);
}

/** Keys that the preview's apps use, by the variable that contains each. */
function keysOf(preview: Preview | null): ReadonlyMap<string, string> {
  const apps = preview === null ? [] : appsOf(preview);
  return new Map(
    apps.flatMap(({ spec }) => Object.entries(spec.secrets).map(([name, reference]) => [name, lastPart(reference)])),
  );
}
