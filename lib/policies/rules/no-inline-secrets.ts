import { CONFIG_MAP, PODS, SECRET } from '../resources.ts';
import { CONTAINERS, type Condition, defineRule, inside } from '../rule.ts';
import { examplePod } from './examples.ts';

/**
 * How well-known credentials begin, and how they go on. Looking for the beginning first keeps long texts cheap: the
 * API server puts a price on every character that a pattern reads.
 */
const CREDENTIALS: readonly (readonly [begins: string, pattern: string])[] = [
  ['AKIA', 'AKIA[A-Z2-7]{16}'],
  ['ASIA', 'ASIA[A-Z2-7]{16}'],
  ['AIza', 'AIza[A-Za-z0-9_-]{35}'],
  ['ghp_', 'ghp_[A-Za-z0-9]{36}'],
  ['gho_', 'gho_[A-Za-z0-9]{36}'],
  ['ghs_', 'ghs_[A-Za-z0-9]{36}'],
  ['github_pat', 'github_pat_[A-Za-z0-9_]{22}'],
  ['glpat-', 'glpat-[A-Za-z0-9_-]{20}'],
  ['npm_', 'npm_[A-Za-z0-9]{36}'],
  ['xox', 'xox[abeprs]-[A-Za-z0-9-]{10}'],
  ['_live_', '(sk|rk)_live_[A-Za-z0-9]{16}'],
  ['sk-', 'sk-([A-Za-z0-9]{32}|(ant|proj)-[A-Za-z0-9_-]{32})'],
  ['eyJ', 'eyJ[A-Za-z0-9_-]{10,500}[.]eyJ[A-Za-z0-9_-]{10}'],
  ['-----BEGIN', '-----BEGIN [A-Z ]{0,30}PRIVATE KEY'],
  ['://', '://[^/?#@:]{0,100}:[^/?#@]{1,200}@'],
];

const clean = (text: string): string =>
  CREDENTIALS.map(
    ([begins, pattern]) => `(!${text}.contains(${JSON.stringify(begins)}) || !${text}.matches("${pattern}"))`,
  ).join(' && ');

/** Names that stand for a credential by their last words; the value of such a variable is one, whatever it looks like. */
const SECRET_NAME = anyCase(
  '(^|[_-])(PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|CREDENTIALS?|(API|ACCESS|SECRET|PRIVATE)_?-?KEY)$',
);

/** Letters of either case, without the flag that not all engines know, or a function that goes beyond ASCII here. */
function anyCase(pattern: string): string {
  return pattern.replace(/[A-Z]/g, (letter) => `[${letter}${letter.toLowerCase()}]`);
}

const namesSecret = (name: string): string => `(${name}.size() <= 256 && ${name}.matches("${SECRET_NAME}"))`;

const inContainers = (field: 'args' | 'command'): Condition => ({
  over: inside(CONTAINERS, field),
  cel: clean('it'),
  field: '',
});

/** Where the API server stops looking (its budget for one expression), a text is too long to be looked through. */
const MAX_TEXT = 200_000;

const CONFIG_MAPS: Condition = {
  cel:
    'object.kind != "ConfigMap" || dyn(object).?data.orValue({}).all(k, ' +
    `object.data[k] == "" || (!${namesSecret('k')} && object.data[k].size() <= ${MAX_TEXT} && ${clean('object.data[k]')}))`,
  field: 'data',
};

export const noInlineSecrets = defineRule({
  id: 'no-inline-secrets',
  title: 'No passwords in Git',
  message:
    'Something that looks like a password or key is written out here: put it into the secret store, name it under secrets in preview.yaml, and replace it, or ask {contact}.',
  source: 'CIS Kubernetes Benchmark 5.4.1; NSA/CISA Kubernetes Hardening Guide 1.2, secrets',
  why: 'What is in Git once stays in its history and is read by everyone who may read the repository.',
  scope: 'makers',
  match: [...PODS, CONFIG_MAP, SECRET],
  conditions: [
    {
      cel: 'object.kind != "Secret" || (dyn(object).?data.orValue({}).size() == 0 && dyn(object).?stringData.orValue({}).size() == 0 && dyn(object).?type.orValue("Opaque") != "kubernetes.io/service-account-token")',
      field: 'data',
    },
    CONFIG_MAPS,
    {
      over: inside(CONTAINERS, 'env'),
      cel: `it.?value.orValue("") == "" || (it.value.startsWith("$(") && it.value.endsWith(")")) || (!${namesSecret('it.?name.orValue("")')} && ${clean('it.value')})`,
      field: 'value',
    },
    inContainers('args'),
    inContainers('command'),
  ],
  examples: {
    good: examplePod({
      container: 'env: [{ name: API_KEY, valueFrom: { secretKeyRef: { name: shop, key: API_KEY } } }]',
    }),
    bad: examplePod({ container: 'env: [{ name: API_KEY, value: not-a-real-one }]' }),
  },
});
