import {
  argumentsOf,
  assignsNone,
  callOf,
  FEW_NAMES,
  IS_CLEAN,
  isClean,
  isHarmless,
  namesSecret,
  namesSecretHeader,
} from '../credentials.ts';
import { CONFIG_MAP, PODS, SECRET } from '../resources.ts';
import { CONTAINERS, type Condition, defineRule, inside } from '../rule.ts';
import { examplePod } from './examples.ts';

const HANDLERS = ['livenessProbe', 'readinessProbe', 'startupProbe', 'lifecycle.postStart', 'lifecycle.preStop'];

/**
 * The most that is checked in one object. For the worst text of this size, in which every line starts every search, the
 * API server is within its cost limit and answers in time (docs/decisions/0323-how-much-text-admission-searches.md).
 */
const MAX_TEXT = 200_000;
const MAX_LINES = 5000;

/**
 * At admission, a decrypted Secret looks like one that was never encrypted. The rule encrypted-secrets checks Git
 * instead.
 */
const IS_PLAIN_TYPE = 'dyn(object).?type.orValue("Opaque") in ["", "Opaque", "kubernetes.io/dockerconfigjson"]';

const plain = (text: string): string => `${isClean(text)} && ${assignsNone(text)}`;

/** The fields that contain the credential, for findings. */
const PLACES: readonly Condition[] = [
  {
    over: inside(CONTAINERS, 'env'),
    cel: plain('it.?value.orValue("")'),
    field: 'value',
    found: 'it.?name.orValue("")',
  },
  ...['args', 'command'].map((field) => ({ over: inside(CONTAINERS, field), cel: plain('it'), field: '' })),
  {
    over: CONTAINERS,
    cel: `[${argumentsOf('it')}, ${callOf('it')}].all(t, ${assignsNone('t')}) || (it.?command.orValue([]) + it.?args.orValue([])).exists(a, !(${assignsNone('a')}))`,
    field: 'args',
  },
  ...HANDLERS.map((handler) => ({
    over: CONTAINERS,
    cel: plain(`it.?${handler.replaceAll('.', '.?')}.?exec.?command.orValue([]).join(" ")`),
    field: `${handler}.exec.command`,
  })),
  ...HANDLERS.map((handler) => ({
    over: CONTAINERS,
    cel: plain(`it.?${handler.replaceAll('.', '.?')}.?httpGet.?path.orValue("")`),
    field: `${handler}.httpGet.path`,
  })),
  ...HANDLERS.map((handler) => ({
    over: inside(CONTAINERS, `${handler}.httpGet.httpHeaders`),
    cel: plain('it.?value.orValue("")'),
    field: 'value',
    found: '"header " + it.?name.orValue("")',
  })),
  {
    cel: 'object.kind != "ConfigMap"',
    field: 'data',
    found: `"key " + dyn(object).data.filter(k, !(${plain('dyn(object).data[k]')})).join(", ")`,
  },
];

const HEADERS: readonly Condition[] = HANDLERS.map((handler) => ({
  over: inside(CONTAINERS, `${handler}.httpGet.httpHeaders`),
  cel: `it.?value.orValue("") == "" || !(${namesSecretHeader('it.?name.orValue("")')})`,
  field: 'value',
  found: '"header " + it.?name.orValue("")',
}));

export const noInlineSecrets = defineRule({
  id: 'no-inline-secrets',
  title: 'No passwords in Git',
  message:
    'This looks like a password or key in plain text, or cannot be searched (binaryData, very long texts): put the value into the secret store, name it under secrets in preview.yaml, and replace it, or ask {contact}.',
  source: 'CIS Kubernetes Benchmark 5.4.1; NSA/CISA Kubernetes Hardening Guide 1.2, secrets; the rules of gitleaks',
  why: 'What was committed to Git stays in its history, and everybody who may read the repository can read it.',
  scope: 'makers',
  match: [...PODS, CONFIG_MAP, SECRET],
  conditions: [
    {
      cel: `object.kind != "Secret" || (params.secrets.mechanism == "sops" ? ${IS_PLAIN_TYPE} : dyn(object).?data.orValue({}).size() == 0 && dyn(object).?stringData.orValue({}).size() == 0 && dyn(object).?type.orValue("Opaque") != "kubernetes.io/service-account-token")`,
      field: 'data',
    },
    {
      cel: 'object.kind != "ConfigMap" || dyn(object).?binaryData.orValue({}).size() == 0',
      field: 'binaryData',
      found: '"binaryData " + dyn(object).binaryData.filter(k, true).join(", ")',
    },
    {
      cel: `object.kind != "ConfigMap" || (variables.text.size() <= ${MAX_TEXT} && variables.lines.size() <= ${MAX_LINES} && ${FEW_NAMES})`,
      field: 'data',
      found:
        'string(variables.text.size()) + " characters in " + string(variables.lines.size()) + " lines and " + string(variables.keys.size()) + " keys"',
    },
    { cel: 'variables.secretKeys.size() == 0', field: 'data', found: '"key " + variables.secretKeys.join(", ")' },
    { cel: 'variables.secretFiles.size() == 0', field: 'data', found: '"key " + variables.secretFiles.join(", ")' },
    {
      over: inside(CONTAINERS, 'env'),
      cel: `!${namesSecret('it.?name.orValue("")')} || ${isHarmless('it.?name.orValue("")', 'it.?value.orValue("")')}`,
      field: 'value',
      found: 'it.?name.orValue("")',
    },
    ...HEADERS,
    { cel: IS_CLEAN, field: '', places: PLACES },
  ],
  examples: {
    good: examplePod({
      container: 'env: [{ name: API_KEY, valueFrom: { secretKeyRef: { name: shop, key: API_KEY } } }]',
    }),
    bad: examplePod({ container: 'env: [{ name: API_KEY, value: not-a-real-one }]' }),
  },
});
