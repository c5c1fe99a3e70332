import { anyCase } from './any-case.ts';
import type { Variable } from './variable.ts';

/**
 * How well-known credentials start, and how they continue. Searching for the start first keeps long texts cheap: in the
 * API server, every character that a pattern reads has a cost.
 *
 * Source: the rules of gitleaks (github.com/gitleaks/gitleaks, MIT), which are written for RE2 and have such starts as
 * their keywords. Only those are used that identify a credential without its context.
 */
const CREDENTIALS: readonly (readonly [begins: string, pattern: string])[] = [
  ['asic ', 'asic [A-Za-z0-9+/]*[a-z0-9][A-Z][A-Za-z0-9+/]{6}'],
  ['AKIA', 'AKIA[A-Z2-7]{16}'],
  ['ASIA', 'ASIA[A-Z2-7]{16}'],
  ['AIza', 'AIza[A-Za-z0-9_-]{35}'],
  ['earer ', 'earer [A-Za-z0-9_.~+/=-]{20}'],
  ['GOCSPX-', 'GOCSPX-[A-Za-z0-9_-]{20}'],
  ['ghp_', 'ghp_[A-Za-z0-9]{36}'],
  ['gho_', 'gho_[A-Za-z0-9]{36}'],
  ['ghs_', 'gh[sur]_[A-Za-z0-9]{36}'],
  ['github_pat', 'github_pat_[A-Za-z0-9_]{22}'],
  ['glpat-', 'glpat-[A-Za-z0-9_-]{20}'],
  ['gldt-', 'gldt-[A-Za-z0-9_-]{20}'],
  ['glrt-', 'glrt-[A-Za-z0-9_-]{20}'],
  ['npm_', 'npm_[A-Za-z0-9]{36}'],
  ['pypi-', 'pypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50}'],
  ['dckr_pat_', 'dckr_pat_[A-Za-z0-9_-]{27}'],
  ['xox', 'xox[abeprs]-[A-Za-z0-9-]{10}'],
  ['hooks.slack.com', 'hooks[.]slack[.]com/(services|workflows|triggers)/[A-Za-z0-9+/]{40}'],
  ['_live_', '(sk|rk)_live_[A-Za-z0-9]{10}'],
  ['_test_', '(^|[^A-Za-z0-9])[rs]k_test_[A-Za-z0-9]{10}'],
  ['whsec_', 'whsec_[A-Za-z0-9+/]{24}'],
  ['SG.', 'SG[.][A-Za-z0-9_-]{20,24}[.][A-Za-z0-9_-]{39,50}'],
  ['_v1_', 'do[opr]_v1_[a-f0-9]{64}'],
  ['hf_', 'hf_[A-Za-z]{34}'],
  ['shp', 'shp(at|ca|pa|ss)_[A-Fa-f0-9]{32}'],
  ['dapi', 'dapi[a-f0-9]{32}'],
  ['hvs.', 'hvs[.][A-Za-z0-9_-]{90}'],
  ['AGE-SECRET-KEY-', 'AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}'],
  ['dp.pt.', 'dp[.]pt[.][A-Za-z0-9]{43}'],
  ['lin_api_', 'lin_api_[A-Za-z0-9]{40}'],
  ['glsa_', 'glsa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}'],
  ['ATATT3', 'ATATT3[A-Za-z0-9_=-]{180}'],
  ['NRAK-', 'NRAK-[A-Z0-9]{27}'],
  ['PRIVATE KEY', '-----BEGIN [A-Z ]{0,30}PRIVATE KEY'],
  ['sk-', 'sk-([A-Za-z0-9]{32}|(ant|proj|svcacct)-[A-Za-z0-9_-]{32})'],
  ['eyJ', 'eyJ[A-Za-z0-9_-]{10,500}[.]eyJ[A-Za-z0-9_-]{10}'],
  ['://', '://[^/?#@: \\n\\t"$]{0,100}:[^/?#@ \\n\\t"$]{1,200}@'],
  ['"auth"', '"auth"[ \\t]{0,4}:[ \\t]{0,4}"[A-Za-z0-9+/=]{12}'],
  ['machine ', 'machine [^ \\n]+[ \\n]+login [^ \\n]+[ \\n]+password [^ \\n$]{4}'],
  ['requirepass ', '(^|[\\n-])requirepass {1,8}[^ \\n$"]{2}'],
  ['masterauth ', '(^|[\\n-])masterauth {1,8}[^ \\n$"]{2}'],
  ['auth_pass ', '(^|[\\n ])auth_pass {1,8}[^ \\n$"]{2}'],
  ['uthorization: ', 'uthorization: [BTbt][a-z]{4,5} [A-Za-z0-9_.~+/=-]{16}'],
];

/** The forms, each as a start and a regular expression, for code that searches other files than manifests. */
export function credentialForms(): typeof CREDENTIALS {
  return CREDENTIALS;
}

/** Suffixes that number names: `PASSWORD2`, `DB_PASSWORD_1`, `TOKEN_V2`. */
const NUMBERED = '([_-]?V?[0-9]{1,3})?$';

/** Words at the end of a name that mean a password, with any prefix (PGPASSWORD, dbPassword, DB_PASS, rootPwd). */
const PASSWORD_NAMES: readonly string[] = [
  anyCase(`(PASSWORD|PASSWD|PASSPHRASE|SECRET)${NUMBERED}`),
  // `PWD` alone is the working directory of a program, and BYPASS is not a password.
  anyCase(`((^|[_.-]|DB|USER|ADMIN|ROOT|MAIL|SMTP|LDAP)PASS|([_.-]|DB)(PWD|PW))${NUMBERED}`),
  '[a-z0-9](Pass|Pwd)[0-9]{0,3}$',
];
/** The same for other credentials. */
const NAME = anyCase(`(TOKEN|CREDENTIALS?|(BASIC|HTTP|PROXY|REDIS)[_-]?AUTH)${NUMBERED}`);
/**
 * Key names that mean a credential. Other names that end in KEY are a record, a column or a public key. ENCRYPTION ends
 * in CRYPTION.
 */
const KEY_NAME = anyCase(
  `(API|APP|ACCESS|ACCOUNT|SECRET|PRIVATE|SIGNING|CRYPTION|MASTER|AUTH|JWT|HMAC)[_-]?KEY([_-]BASE)?${NUMBERED}`,
);
/** Files that contain little but credentials, by the names that their programs use. */
const FILE_NAME =
  '^[._]?(pgpass|netrc|dockercfg|dockerconfigjson|htpasswd|git-credentials|id_(rsa|dsa|ecdsa|ed25519))$';
/** Headers that contain a credential. */
const HEADER = anyCase('^((PROXY-)?AUTHORIZATION|COOKIE)$');

const matchesAny = (text: string, patterns: readonly string[]): string =>
  `(${patterns.map((pattern) => `${text}.matches("${pattern}")`).join(' || ')})`;

const isAny = (text: string, patterns: readonly string[]): boolean =>
  patterns.some((pattern) => new RegExp(pattern).test(text));

/**
 * CEL: whether the name of a variable or key means a credential. Its value then counts as one, whatever it looks like.
 */
export function namesSecret(name: string): string {
  return `(${name}.size() <= 256 && ${matchesAny(name, [...PASSWORD_NAMES, NAME, KEY_NAME])})`;
}

/** The same in JavaScript. */
export function namesCredential(name: string): boolean {
  return name.length <= 256 && isAny(name, [...PASSWORD_NAMES, NAME, KEY_NAME]);
}

/** CEL: whether the name of a header means a credential. */
export function namesSecretHeader(name: string): string {
  return `(${name}.size() <= 256 && ${name}.matches("${HEADER}")) || ${namesSecret(name)}`;
}

const WORDS = anyCase('TRUE|FALSE|YES|NO|ON|OFF|NONE|NULL|ENABLED|DISABLED');
const HARMLESS = `^(|${WORDS}|[01]|[$][(][A-Za-z_][A-Za-z0-9_.-]*[)]|[$][{][A-Za-z_][A-Za-z0-9_]*[}])$`;
const COUNT = '^[0-9]{1,6}$';
/** No switch or reference is longer. */
const MAX_HARMLESS = 80;

/** CEL: whether the value of such a name is no credential: empty, a switch, a whole reference, or a count of tokens. */
export function isHarmless(name: string, value: string): string {
  const isCount = `(${value}.matches("${COUNT}") && !${matchesAny(name, PASSWORD_NAMES)})`;
  return `(${value}.size() <= ${MAX_HARMLESS} && (${value}.matches("${HARMLESS}") || ${isCount}))`;
}

/** The same in JavaScript. */
export function isHarmlessValue(name: string, value: string): boolean {
  if (value.length > MAX_HARMLESS) return false;
  return new RegExp(HARMLESS).test(value) || (new RegExp(COUNT).test(value) && !isAny(name, PASSWORD_NAMES));
}

/** Start of an assigned value that is no reference and no placeholder. */
const FIRST = '[^ \\t\\n"\'$<>{(*%=:,;&|-]';
const VALUE = `(_?[0-9]{1,2})?["']?[ \\t]*(=>|:=|[=:])[ \\t]*["']?${FIRST}[^ \\t\\n"'$<{]{3}`;

/** Text that also follows such a word but is no secret value, without the word: `password: true`. */
const NO_VALUES: readonly string[] = [
  ...[': true', ': false', ': null', ': none', ': string', ': yes', ': True', ': False', ': Password'],
  ...['=true', '=false', '= true', '= false', ':true', ':false', '=Password'],
];

/** CEL: a text without {@link NO_VALUES}. The text after them stays. */
const settled = (text: string): string =>
  NO_VALUES.reduce((cel, word) => `${cel}.split("${word}").join("${word.slice(0, 1)}")`, text);

/** A pattern for a credential inside a line, and parts of it for a cheap first search. */
interface Mention {
  readonly pattern: string;
  readonly parts: readonly string[];
}

const assigned = (word: string, parts: readonly string[]): Mention => ({
  pattern: `${anyCase(word)}${VALUE}`,
  parts,
});

/** Text before it in the same shell command. */
const IN_CALL = '([^;|&\\n]* )?';
/** How a name and a password are passed to programs. */
const USER = '["\']?[^ :"\'$<{\\n]+:';
const USER_CALL = `(curl ${IN_CALL}(-[uU] ?|--(proxy-)?user[ =])|(https?|xhs?) ${IN_CALL}(-a|--auth)[ =])${USER}[^ "'$<{(\\n-][^ "'$<{\\n]`;
/** How a password is passed to programs: directly after its flag, or as the next word. */
const PASSWORD_CALL = `((mysql|mariadb)[a-z_-]* ${IN_CALL}-p["']?|(redis-cli ${IN_CALL}-a|(mongo[a-z]*|docker login|podman login|registry login|az login) ${IN_CALL}-p|ldap[a-z]+ ${IN_CALL}-w) ["']?|sshpass -p ?["']?|-pass(in|out)? ["']?pass:|--password=["']?)[^ "'$<{(\\n-]`;

/** Few parts each: a line costs the sum of all of them. */
const MENTIONS: readonly Mention[] = [
  assigned('PASS(W(OR)?D|PHRASE)', ['assw', 'ASSW', 'assphrase', 'ASSPHRASE']),
  {
    pattern: `[a-z0-9](Pass|Pwd)${VALUE}`,
    parts: ['Pass"', 'Pass:', 'Pass=', 'Pass ', 'Pwd"', 'Pwd:', 'Pwd=', 'Pwd '],
  },
  {
    pattern: `(^|[ \\t"'{,;\\n])${anyCase('(PASS|PWD)')}["']?[ \\t]*[=:][ \\t]*["']?${FIRST}[^ \\t\\n"'$<{]{1,60}[0-9]`,
    parts: ['pass', 'Pass', 'PASS', 'pwd', 'Pwd', 'PWD'],
  },
  {
    pattern: `<[A-Za-z:._-]{0,40}${anyCase('(PASSW(OR)?D|PASSPHRASE|SECRET|TOKEN)')}>[ ]*${FIRST}[^<>\\n]{2}`,
    parts: ['word>', 'swd>', 'hrase>', 'cret>', 'oken>', 'WORD>', 'CRET>', 'OKEN>'],
  },
  assigned('SECRET([_-]?KEY([_-]BASE)?)?', ['ecret', 'ECRET']),
  assigned('TOKEN', ['oken', 'OKEN']),
  assigned('CREDENTIALS?', ['redential', 'REDENTIAL']),
  assigned('(API|APP|ACCESS|ACCOUNT|PRIVATE|SIGNING|MASTER|CRYPTION)[_-]?KEY', [
    ...['_key', '-key', 'Key', '_KEY', '-KEY', '-Key', 'pikey', 'PIKEY'],
  ]),
  assigned('([_.-]|REQUIRE)PASS', ['_pass', '-pass', '.pass', 'irepass', '_PASS', '-PASS']),
  { pattern: USER_CALL, parts: ['curl ', 'http ', 'https ', 'xh ', 'xhs '] },
  {
    pattern: PASSWORD_CALL,
    parts: ['mysql', 'mariadb', 'redis-cli', 'sshpass', 'mongo', ' login ', 'ldap', '-pass'],
  },
  { pattern: '[?&](key|sig)=[A-Za-z0-9%_.~+/=-]{8}', parts: ['?key=', '&key=', '?sig=', '&sig='] },
  // Host, port, database, user, password: the format of libpq.
  {
    pattern: ':(5432|6432|[*]):[^: \\n]+:[^: \\n]+:[^: \\n$<{][^: \\n]',
    parts: [':5432:', ':6432:', ':*:'],
  },
  {
    pattern:
      '--?[a-z-]{0,30}(password|passwd|passphrase|pass|token|secret|key|auth) ["\']?[^ \\n"\'$<{(-][^ \\n"\'$<{]{2,60}[0-9]',
    parts: ['word ', 'swd ', 'hrase ', 'pass ', 'oken ', 'cret ', '-key ', 'auth '],
  },
];

const mentioned = ({ pattern }: Mention): string => JSON.stringify(pattern);
const has = (text: string, parts: readonly string[]): string =>
  `(${parts.map((part) => `${text}.contains(${JSON.stringify(part)})`).join(' || ')})`;

/** Maximum number of characters in lines with one such word: a pattern over more would cost too much at admission. */
const MAX_MENTIONS = 30_000;

/** Maximum number of characters in the names of all keys. */
const MAX_NAMES = 100_000;
/** The same for names with a part of such a word, and their number. */
const MAX_LIKELY = 10_000;
const MAX_LIKELY_KEYS = 1000;

/** CEL: whether the names of the keys are few enough to be searched. */
export const FEW_NAMES = `variables.likelyKeys.size() <= ${MAX_LIKELY_KEYS} && variables.likelyKeys.join("").size() <= ${MAX_LIKELY}`;

/** CEL: whether no line of a text contains a credential. */
export function assignsNone(text: string): string {
  const none = MENTIONS.map((mention) => `!(${has('l', mention.parts)} && l.matches(${mentioned(mention)}))`);
  return `${settled(text)}.split("\\n").all(l, ${none.join(' && ')})`;
}

/** Parts of the words at the end of such names. */
const PARTS = [
  'ass',
  'ASS',
  'auth',
  'AUTH',
  'Pw',
  'pw',
  'PW',
  'ecret',
  'ECRET',
  'oken',
  'OKEN',
  'ey',
  'EY',
  'redential',
  'REDENTIAL',
  'wd',
  'WD',
];

/** Parts of the names of such files. */
const FILE_PARTS = ['pgpass', 'netrc', 'docker', 'htpasswd', 'git-cred', 'id_'];

const cleanOf = (text: string, some: typeof CREDENTIALS): string =>
  some
    .map(
      ([begins, pattern]) =>
        `(!${text}.contains(${JSON.stringify(begins)}) || !${text}.matches(${JSON.stringify(pattern)}))`,
    )
    .join(' && ');

/** CEL: whether a text contains no known form of a credential. */
export function isClean(text: string): string {
  return cleanOf(text, CREDENTIALS);
}

const HANDLERS = ['livenessProbe', 'readinessProbe', 'startupProbe', 'lifecycle.postStart', 'lifecycle.preStop'].map(
  (path) => `.?${path.replaceAll('.', '.?')}`,
);

/** The whole command of a container on one line. */
export function callOf(container: string): string {
  return `(${container}.?command.orValue([]) + ${container}.?args.orValue([])).join(" ")`;
}

/** One argument per line, but a flag and its value together: `--password hunter2` becomes `--password=hunter2`. */
export function argumentsOf(container: string): string {
  return `(${container}.?command.orValue([]) + ${container}.?args.orValue([])).map(a, a.startsWith("--") && !a.contains("=") ? a + "=" : a + "\\n").join("")`;
}

/** All texts of a container that could contain a credential, one per line. */
const CONTAINER_TEXT = [
  'c.?env.orValue([]).map(e, e.?value.orValue("")).join("\\n")',
  argumentsOf('c'),
  callOf('c'),
  ...HANDLERS.flatMap((handler) => [
    `c${handler}.?exec.?command.orValue([]).join(" ")`,
    `c${handler}.?httpGet.?path.orValue("")`,
    `c${handler}.?httpGet.?httpHeaders.orValue([]).map(h, h.?value.orValue("")).join("\\n")`,
  ]),
].join(' + "\\n" + ');

/**
 * The API server limits the cost of one expression. Each variable has its own limit, so few patterns share one
 * variable.
 */
const PATTERNS_A_VARIABLE = 4;
const GROUPS = Array.from({ length: Math.ceil(CREDENTIALS.length / PATTERNS_A_VARIABLE) }, (_, i) =>
  CREDENTIALS.slice(i * PATTERNS_A_VARIABLE, (i + 1) * PATTERNS_A_VARIABLE),
);

/** Variables of the rule no-inline-secrets; see `Variable`. */
export const CREDENTIAL_VARIABLES: readonly Variable[] = [
  {
    name: 'text',
    expression: `object.kind == "ConfigMap" ? dyn(object).?data.orValue({}).map(k, dyn(object).data[k]).join("\\n") : variables.containers.map(c, ${CONTAINER_TEXT}).join("\\n")`,
  },
  ...GROUPS.map((group, i) => ({ name: `clean${i}`, expression: cleanOf('variables.text', group) })),
  { name: 'lines', expression: 'variables.text.split("\\n")' },
  ...MENTIONS.flatMap((mention, i) => [
    {
      name: `mentions${i}`,
      expression: `${has('variables.text', mention.parts)} ? variables.lines.filter(l, ${has('l', mention.parts)}).join("\\n") : ""`,
    },
    {
      name: `settled${i}`,
      expression: `variables.mentions${i}.size() > ${MAX_MENTIONS} ? "" : ${settled(`variables.mentions${i}`)}`,
    },
    {
      name: `assigns${i}`,
      expression: `variables.mentions${i}.size() > ${MAX_MENTIONS} || variables.settled${i}.matches(${mentioned(mention)})`,
    },
  ]),
  { name: 'keys', expression: 'object.kind == "ConfigMap" ? dyn(object).?data.orValue({}).map(k, k) : []' },
  {
    name: 'likelyKeys',
    expression: `variables.keys.join("").size() > ${MAX_NAMES} ? variables.keys : variables.keys.filter(k, ${has('k', PARTS)})`,
  },
  {
    name: 'secretKeys',
    expression: `variables.likelyKeys.filter(k, ${namesSecret('k')} && !${isHarmless('k', 'dyn(object).data[k]')})`,
  },
  {
    name: 'secretFiles',
    expression: `object.kind == "ConfigMap" ? dyn(object).?data.orValue({}).filter(k, ${has('k', FILE_PARTS)} && k.matches("${FILE_NAME}") && dyn(object).data[k] != "" && !dyn(object).data[k].contains("\${")) : []`,
  },
];

/** CEL: whether nothing in the object has the form of a credential. */
export const IS_CLEAN = [
  ...GROUPS.map((_, i) => `variables.clean${i}`),
  ...MENTIONS.map((_, i) => `!variables.assigns${i}`),
].join(' && ');
