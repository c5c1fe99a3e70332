import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { bits, context, integer, octets, oid, sequence, setOf, time, utf8, yes } from './der.ts';
import { BUNDLE, envelope, simpleSigning } from './signing.ts';

/** What a certificate says of who got it. */
export interface Holder {
  readonly issuer: string;
  /** Address of a workflow, or of a person. */
  readonly subject: string;
  readonly repositoryId?: string;
  readonly repository?: string;
  readonly commit?: string;
  readonly ref?: string;
  /** What the certificate is for. @default code signing */
  readonly usage?: string | null;
  /** Which log of certificates promises to hold it; `other` says so of another certificate. @default none */
  readonly logged?: 'ours' | 'stranger' | 'other';
  /** Unix seconds from when until when the certificate is valid. @default from a minute ago, for ten minutes */
  readonly valid?: readonly [number, number];
}

const CODE_SIGNING = '1.3.6.1.5.5.7.3.3';
const ECDSA_SHA256 = sequence(oid('1.2.840.10045.4.3.2'));
const FULCIO = '1.3.6.1.4.1.57264.1';
const MINUTES = 60;

const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest();
const der = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' });
const extension = (id: string, value: Buffer, critical = false) =>
  sequence(oid(id), ...(critical ? [yes] : []), octets(value));
const name = (common: string) =>
  sequence(setOf(sequence(oid('2.5.4.10'), utf8('test'))), setOf(sequence(oid('2.5.4.3'), utf8(common))));

interface Certificate {
  readonly holder: Buffer;
  readonly key: KeyObject;
  readonly extensions: readonly Buffer[];
  readonly from: number;
  readonly until: number;
}

/**
 * An authority for certificates and a log beside it, as Fulcio and Rekor are for keyless signatures: what cosign would
 * write with them. That cosign takes it is held against cosign itself in the conformance suite.
 */
export class Authority {
  readonly #ca = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  readonly #log = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  readonly #certificateLog = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  readonly #name = name('authority');
  readonly #now: number;

  /** @param now unix seconds at which everything is signed */
  constructor(now: number) {
    this.#now = now;
  }

  /** sigstore's trusted_root.json of this authority. @param certificateLog whether it lists a log of certificates */
  root({ log = true, certificateLog = false } = {}): string {
    const validFor = { start: new Date((this.#now - 86_400) * 1000).toISOString() };
    const logOf = (baseUrl: string, { publicKey }: { readonly publicKey: KeyObject }) => ({
      baseUrl,
      hashAlgorithm: 'SHA2_256',
      publicKey: { rawBytes: der(publicKey).toString('base64'), keyDetails: 'PKIX_ECDSA_P256_SHA_256', validFor },
      logId: { keyId: sha256(der(publicKey)).toString('base64') },
    });
    const authority = {
      subject: { organization: 'test', commonName: 'authority' },
      uri: 'https://fulcio.test',
      certChain: { certificates: [{ rawBytes: this.#rootCertificate().toString('base64') }] },
      validFor,
    };
    return JSON.stringify({
      mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
      tlogs: log ? [logOf('https://rekor.test', this.#log)] : [],
      certificateAuthorities: [authority],
      ctlogs: certificateLog ? [logOf('https://ctlog.test', this.#certificateLog)] : [],
      timestampAuthorities: [],
    });
  }

  /** A statement, signed keyless. */
  bundle(payload: string, holder: Holder, at = this.#now): string {
    const { certificate, privateKey } = this.#issue(holder);
    const signed = envelope(payload, { privateKey, pem: '' });
    const body = {
      apiVersion: '0.0.1',
      kind: 'dsse',
      spec: {
        envelopeHash: { algorithm: 'sha256', value: sha256(JSON.stringify(signed)).toString('hex') },
        payloadHash: { algorithm: 'sha256', value: sha256(payload).toString('hex') },
        signatures: [
          { signature: signed.signatures[0]!.sig, verifier: Buffer.from(pem(certificate)).toString('base64') },
        ],
      },
    };
    return JSON.stringify({
      mediaType: BUNDLE,
      verificationMaterial: {
        certificate: { rawBytes: certificate.toString('base64') },
        tlogEntries: [this.#entry(JSON.stringify(body), 'dsse', at)],
        timestampVerificationData: {},
      },
      dsseEnvelope: signed,
    });
  }

  /**
   * A statement, signed keyless and in no log: only a time stamp proves when.
   *
   * @param stamp gives a time stamp of a signature
   */
  async stamped(payload: string, holder: Holder, stamp: (signature: Buffer) => Promise<Buffer>): Promise<string> {
    const { certificate, privateKey } = this.#issue(holder);
    const dsseEnvelope = envelope(payload, { privateKey, pem: '' });
    const signedTimestamp = await stamp(Buffer.from(dsseEnvelope.signatures[0]!.sig, 'base64'));
    return JSON.stringify({
      mediaType: BUNDLE,
      verificationMaterial: {
        certificate: { rawBytes: certificate.toString('base64') },
        tlogEntries: [],
        timestampVerificationData: { rfc3161Timestamps: [{ signedTimestamp: signedTimestamp.toString('base64') }] },
      },
      dsseEnvelope,
    });
  }

  /** The payload and annotations of cosign's older layout, signed keyless. */
  simple(digest: string, holder: Holder): { payload: string; annotations: Record<string, string> } {
    const { certificate, privateKey } = this.#issue(holder);
    const payload = simpleSigning(digest);
    const content = sign('sha256', Buffer.from(payload), privateKey).toString('base64');
    const body = {
      apiVersion: '0.0.1',
      kind: 'hashedrekord',
      spec: {
        data: { hash: { algorithm: 'sha256', value: sha256(payload).toString('hex') } },
        signature: { content, publicKey: { content: Buffer.from(pem(certificate)).toString('base64') } },
      },
    };
    const { SET, Payload } = this.#promise(JSON.stringify(body), this.#now);
    return {
      payload,
      annotations: {
        'dev.cosignproject.cosign/signature': content,
        'dev.sigstore.cosign/certificate': pem(certificate),
        'dev.sigstore.cosign/bundle': JSON.stringify({ SignedEntryTimestamp: SET, Payload }),
      },
    };
  }

  get #logId(): Buffer {
    return sha256(der(this.#log.publicKey));
  }

  /** Source: https://github.com/sigstore/rekor, types of log entries; the keys of what is signed are in their order. */
  #promise(body: string, at: number) {
    const Payload = {
      body: Buffer.from(body).toString('base64'),
      integratedTime: at,
      logID: this.#logId.toString('hex'),
      logIndex: 0,
    };
    const SET = sign('sha256', Buffer.from(JSON.stringify(Payload)), this.#log.privateKey).toString('base64');
    return { SET, Payload };
  }

  /** An entry of a log that has no other. */
  #entry(body: string, kind: string, at: number): object {
    const hash = sha256(Buffer.concat([Buffer.alloc(1), Buffer.from(body)])).toString('base64');
    const note = `rekor.test - 1\n1\n${hash}\n`;
    const signature = sign('sha256', Buffer.from(note), this.#log.privateKey);
    const line = Buffer.concat([this.#logId.subarray(0, 4), signature]).toString('base64');
    return {
      logIndex: '0',
      logId: { keyId: this.#logId.toString('base64') },
      kindVersion: { kind, version: '0.0.1' },
      integratedTime: String(at),
      inclusionPromise: { signedEntryTimestamp: this.#promise(body, at).SET },
      inclusionProof: {
        logIndex: '0',
        rootHash: hash,
        treeSize: '1',
        hashes: [],
        checkpoint: { envelope: `${note}\n\u2014 rekor.test ${line}\n` },
      },
      canonicalizedBody: Buffer.from(body).toString('base64'),
    };
  }

  #issue(holder: Holder) {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { usage = CODE_SIGNING, subject } = holder;
    const isAddress = /^https?:/.test(subject);
    const source = {
      8: holder.issuer,
      12: holder.repository,
      13: holder.commit,
      14: holder.ref,
      15: holder.repositoryId,
    };
    const extensions = [
      extension('2.5.29.15', bits(Buffer.from([0x80]), 7), true),
      ...(usage === null ? [] : [extension('2.5.29.37', sequence(oid(usage)))]),
      extension('2.5.29.14', octets(sha256(der(publicKey)).subarray(0, 20))),
      extension('2.5.29.35', sequence(context(0, this.#caId, false))),
      extension('2.5.29.17', sequence(context(isAddress ? 6 : 1, Buffer.from(subject), false)), true),
      // Fulcio writes the issuer twice; cosign reads this one, which is no DER, in the older layout.
      extension(`${FULCIO}.1`, Buffer.from(holder.issuer)),
      ...Object.entries(source).flatMap(([part, text]) =>
        text === undefined ? [] : [extension(`${FULCIO}.${part}`, utf8(text))],
      ),
    ];
    const [from, until] = holder.valid ?? [this.#now - MINUTES, this.#now + 10 * MINUTES];
    const plain = { holder: sequence(), key: publicKey, extensions, from, until };
    const { logged } = holder;
    const promised = logged === undefined ? [] : [this.#promisedBy(logged, plain)];
    return { certificate: this.#certificate({ ...plain, extensions: [...extensions, ...promised] }), privateKey };
  }

  /**
   * The extension in which a log of certificates promises to hold one.
   *
   * Source: RFC 6962, 3.2 and 3.3
   */
  #promisedBy(logged: NonNullable<Holder['logged']>, certificate: Certificate): Buffer {
    const log = logged === 'stranger' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : this.#certificateLog;
    const held = this.#unsigned(logged === 'other' ? { ...certificate, from: certificate.from - 1 } : certificate);
    const at = Buffer.alloc(8);
    at.writeBigUInt64BE(BigInt(this.#now) * 1000n);
    const precertificate = Buffer.from([0, 1]);
    const noExtensions = Buffer.alloc(2);
    const issuer = sha256(der(this.#ca.publicKey));
    const signed = [Buffer.from([0, 0]), at, precertificate, issuer, sized(held, 3), noExtensions];
    const signature = sign('sha256', Buffer.concat(signed), log.privateKey);
    const sha256WithEcdsa = Buffer.from([4, 3]);
    const id = sha256(der(log.publicKey));
    const one = Buffer.concat([Buffer.from([0]), id, at, noExtensions, sha256WithEcdsa, sized(signature, 2)]);
    return extension('1.3.6.1.4.1.11129.2.4.2', octets(sized(sized(one, 2), 2)));
  }

  get #caId(): Buffer {
    return sha256(der(this.#ca.publicKey)).subarray(0, 20);
  }

  #root: Buffer | undefined;

  #rootCertificate(): Buffer {
    this.#root ??= this.#certificate({
      holder: this.#name,
      key: this.#ca.publicKey,
      extensions: [
        extension('2.5.29.15', bits(Buffer.from([0x06]), 1), true),
        extension('2.5.29.19', sequence(yes), true),
        extension('2.5.29.14', octets(this.#caId)),
      ],
      from: this.#now - 86_400,
      until: this.#now + 3650 * 86_400,
    });
    return this.#root;
  }

  #certificate(certificate: Certificate): Buffer {
    const signed = this.#unsigned(certificate);
    return sequence(signed, ECDSA_SHA256, bits(sign('sha256', signed, this.#ca.privateKey)));
  }

  #unsigned({ holder, key, extensions, from, until }: Certificate): Buffer {
    const serial = integer(Buffer.concat([Buffer.from([1]), sha256(der(key)).subarray(0, 15)]));
    const validity = sequence(time(from), time(until));
    const version = context(0, integer(Buffer.from([2])));
    return sequence(
      version,
      serial,
      ECDSA_SHA256,
      this.#name,
      validity,
      holder,
      der(key),
      context(3, sequence(...extensions)),
    );
  }
}

/** Bytes behind their length. @param width of the length, in bytes */
function sized(bytes: Buffer, width: number): Buffer {
  const length = Buffer.alloc(width);
  length.writeUIntBE(bytes.length, 0, width);
  return Buffer.concat([length, bytes]);
}

function pem(certificate: Buffer): string {
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
