import { X509Certificate as NodeCertificate } from 'node:crypto';
import type { X509Certificate } from '@sigstore/core';

/** What a certificate says about the build that requested it; undefined for missing fields. */
export interface BuildSource {
  /** Address of the repository. */
  readonly repository?: string | undefined;
  /** The forge's numeric id of the repository. */
  readonly repositoryId?: string | undefined;
  readonly commit?: string | undefined;
  /** E.g. `refs/pull/7/merge`. */
  readonly ref?: string | undefined;
}

/** Source: https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md */
const FULCIO = '1.3.6.1.4.1.57264.1';
const CODE_SIGNING = '1.3.6.1.5.5.7.3.3';

export function buildSourceOf(certificate: X509Certificate): BuildSource {
  const text = (suffix: number) =>
    certificate.extension(`${FULCIO}.${suffix}`)?.valueObj.subs[0]?.value.toString('utf8');
  return { repository: text(12), commit: text(13), ref: text(14), repositoryId: text(15) };
}

/** Whether the certificate is for code signing; the sigstore library does not check that. */
export function isForCodeSigning(certificate: X509Certificate): boolean {
  const { keyUsage } = new NodeCertificate(certificate.root.toDER());
  // In Node, `keyUsage` holds the extended key usages; undefined if there are none.
  return (keyUsage as readonly string[] | undefined)?.includes(CODE_SIGNING) === true;
}
