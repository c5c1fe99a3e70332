import { SECRET } from '../resources.ts';
import { defineRule } from '../rule.ts';

/** Source: github.com/getsops/sops/v3, aes/cipher.go; a Secret contains only texts. */
const ENCRYPTED = '^ENC\\\\[AES256_GCM,data:[A-Za-z0-9+/=]+,iv:[A-Za-z0-9+/=]+,tag:[A-Za-z0-9+/=]+,type:str\\\\]$';
const SOPS = 'dyn(object).?sops';
const isEmpty = (field: string) => `dyn(object).?${field}.orValue({}).size() == 0`;
const IS_EMPTY = `${isEmpty('data')} && ${isEmpty('stringData')} && !${SOPS}.hasValue()`;
const orEmpty = (cel: string) => `(${IS_EMPTY}) || (${cel})`;

/** Keys whose value is not encrypted. sops leaves an empty text unchanged. */
const plain = (field: string) =>
  `dyn(object).?${field}.orValue({}).filter(k, dyn(object).${field}[k] != "" && !dyn(object).${field}[k].matches("${ENCRYPTED}"))`;

/** Recipients as sops names them. Source: `ToString` of each sops key type */
const RECIPIENTS: Readonly<Record<string, string>> = {
  age: 'r.?recipient.orValue("?")',
  pgp: 'r.?fp.orValue("?")',
  kms: 'r.?arn.orValue("?")',
  gcp_kms: 'r.?resource_id.orValue("?")',
  azure_kv: 'r.?vault_url.orValue("?") + "/keys/" + r.?name.orValue("?") + "/" + r.?version.orValue("?")',
  hc_vault:
    'r.?vault_address.orValue("?") + "/v1/" + r.?engine_path.orValue("?") + "/keys/" + r.?key_name.orValue("?")',
};
const recipientsOf = (group: string) =>
  `(${Object.entries(RECIPIENTS)
    .map(([kind, name]) => `${group}.?${kind}.orValue([]).map(r, ${name})`)
    .join(' + ')})`;
const GROUPS_ALONE = `${SOPS}.?key_groups.orValue([])`;
const GROUPS = `([${SOPS}.orValue({})] + ${GROUPS_ALONE})`;

/** Fields that sops 3.13 writes. An unknown field could contain a key that nobody checks. */
const KNOWN = [
  ...Object.keys(RECIPIENTS),
  'key_groups',
  'shamir_threshold',
  'lastmodified',
  'mac',
  'mac_only_encrypted',
  'version',
  'encrypted_suffix',
  'unencrypted_suffix',
  'encrypted_regex',
  'unencrypted_regex',
  'encrypted_comment_regex',
  'unencrypted_comment_regex',
];
const FIELDS = ['apiVersion', 'kind', 'metadata', 'type', 'immutable', 'data', 'stringData', 'sops'];
const quoted = (words: readonly string[]) => words.map((word) => `"${word}"`).join(', ');

/** Evaluated only before commit: objects that reach the API server are already decrypted. */
export const encryptedSecrets = defineRule({
  id: 'encrypted-secrets',
  title: 'Secrets in Git are encrypted',
  message:
    'A Secret is not encrypted as this platform requires: encrypt it with sops and a .sops.yaml with encrypted_regex ^(data|stringData)$, mac_only_encrypted: true and the recipients {secrets.recipients}, replace every value that was committed in plain text, or ask {contact}.',
  source: 'sops documentation: encrypting only parts of a file, mac_only_encrypted; Flux documentation: SOPS',
  why: 'What was committed to Git stays in its history. By default, the checksum of sops also covers fields that greenroom sets, such as the namespace; mac_only_encrypted limits it to encrypted values.',
  scope: 'makers',
  place: 'commit',
  always: true,
  match: [SECRET],
  active: ({ secrets }) => secrets.mechanism === 'sops',
  conditions: [
    ...['data', 'stringData'].map((field) => ({
      cel: `${plain(field)}.size() == 0`,
      field,
      found: `"key " + ${plain(field)}.join(", ")`,
    })),
    {
      cel: `dyn(object).filter(k, !(k in [${quoted(FIELDS)}])).size() == 0`,
      field: 'kind',
      found: `"the field " + dyn(object).filter(k, !(k in [${quoted(FIELDS)}])).join(", ")`,
    },
    { cel: orEmpty(`${SOPS}.?mac.orValue("").matches("${ENCRYPTED}")`), field: 'sops', found: '"no sops.mac"' },
    {
      cel: orEmpty(`${SOPS}.?mac_only_encrypted.orValue(false)`),
      field: 'sops',
      found: '"no mac_only_encrypted: true under sops"',
    },
    {
      cel: `${SOPS}.orValue({}).all(k, k in [${quoted(KNOWN)}])`,
      field: 'sops',
      found: `"under sops " + ${SOPS}.orValue({}).filter(k, !(k in [${quoted(KNOWN)}])).join(", ")`,
    },
    {
      cel: `${GROUPS_ALONE}.all(g, g.all(k, k in [${quoted(Object.keys(RECIPIENTS))}]))`,
      field: 'sops',
      found: `"under sops.key_groups " + ${GROUPS_ALONE}.map(g, g.filter(k, !(k in [${quoted(Object.keys(RECIPIENTS))}])).join(", ")).filter(t, t != "").join(", ")`,
    },
    {
      cel: orEmpty(`${GROUPS}.exists(g, ${recipientsOf('g')}.size() > 0)`),
      field: 'sops',
      found: '"no recipient under sops"',
    },
    {
      cel: `${GROUPS}.all(g, ${recipientsOf('g')}.all(n, n in params.secrets.recipients))`,
      field: 'sops',
      found: `"the recipient " + ${GROUPS}.map(g, ${recipientsOf('g')}.filter(n, !(n in params.secrets.recipients)).join(", ")).filter(t, t != "").join(", ")`,
    },
  ],
  examples: {
    good: `apiVersion: v1
kind: Secret
metadata: { name: preview-secrets }
stringData:
  stripe: ENC[AES256_GCM,data:VIkbX1COmg==,iv:Oe9fDpYBzENVUWRII9Xex/bgEg7bFfrxu83Ud8NPURM=,tag:BjxftnddHmtXEqMODvIPyw==,type:str]
sops:
  age: [{ recipient: age1xwrmwg4sq7wczahqtlsh8a8crkr0cxxamv29538gycw5z3ez3smskdh9e3, enc: "..." }]
  mac: ENC[AES256_GCM,data:Uucbgh8tyduG371eQRQt60B9HLioXcj9jrk4T,iv:NWpMBzzfhAqsMJj1McE1s8EFdwm4zJasjUw0p6IO6Qw=,tag:g/y1wTP39QCVLza1Ckuu9Q==,type:str]
  mac_only_encrypted: true
`,
    bad: `apiVersion: v1
kind: Secret
metadata: { name: preview-secrets }
stringData: { stripe: not-a-real-one }
`,
  },
});
