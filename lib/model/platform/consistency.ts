import { isInRegistries, parseImage, TAG_PATTERN } from '../image.ts';
import { contains, parseNetwork } from '../ipv4.ts';
import { PREVIEW_PREFIX } from '../labels.ts';
import { durationSeconds, quantityValue } from '../scalars.ts';
import { classProblems } from './class-problems.ts';
import { clusterProblems } from './clusters.ts';
import type { Contradiction, Settings } from './contradiction.ts';
import { kindContradictions } from './kinds.ts';
import { METADATA_CIDRS } from './network.ts';
import { pullSecretName } from './objects.ts';
import { defaultSizeProblems, limitRangeContradictions, oneOf, sizeProblems } from './sizes.ts';

/**
 * Finds settings with which no preview could be valid. The platform team must correct them before a maker runs into
 * them.
 */
export function contradictions(settings: Settings): Contradiction[] {
  return [
    ...sizeProblems(settings),
    ...limitRangeContradictions(settings),
    ...ttlProblems(settings),
    ...clusterProblems(settings),
    ...egressProblems(settings),
    ...textProblems(settings),
    ...budgetProblems(settings),
    ...defaultSizeProblems(settings),
    ...slotProblems(settings),
    ...serviceProblems(settings),
    ...classProblems(settings),
    ...kindContradictions(settings),
    ...pullSecretProblems(settings),
    ...recipientProblems(settings),
    ...statusProblems(settings),
  ];
}

function ttlProblems({ ttl }: Settings): Contradiction[] {
  return (['default', 'warn'] as const)
    .filter((field) => durationSeconds(ttl[field]) > durationSeconds(ttl.max))
    .map((field) => ({
      path: ['ttl', field],
      message: `must not be longer than ttl.max, which is ${ttl.max}; found ${ttl[field]}`,
    }));
}

function egressProblems({ egress, network }: Settings): Contradiction[] {
  const closed = [
    ...METADATA_CIDRS.map((range) => ({ range, why: ', where clouds provide the credentials of a node' })),
    ...network.clusterCidrs.map((range) => ({ range, why: ' of network.clusterCidrs, which no preview may reach' })),
  ];
  return egress.flatMap(({ cidr }, i) => {
    const around = closed.find(({ range }) => contains(parseNetwork(range), parseNetwork(cidr)));
    if (around === undefined) return [];
    return [{ path: ['egress', i, 'cidr'], message: `is inside ${around.range}${around.why}; found ${cidr}` }];
  });
}

function textProblems({ registries, tag, secrets }: Settings): Contradiction[] {
  const places = registries.flatMap((registry, i) => {
    const image = parseImage(`${registry}/app`);
    return typeof image === 'string' ? [{ path: ['registries', i], message: `${image}; found "${registry}"` }] : [];
  });
  const sample = tag
    .replaceAll('{number}', '99999')
    .replaceAll('{sha7}', '0'.repeat(7))
    .replaceAll('{sha}', '0'.repeat(64));
  const ofTag = placeholders(['tag'], tag, ['{number}', '{sha}', '{sha7}']);
  if (ofTag.length === 0 && !new RegExp(TAG_PATTERN).test(sample)) {
    ofTag.push({ path: ['tag'], message: 'must make a tag: it may not start with . or -, nor be longer than 128' });
  }
  return [...places, ...ofTag, ...placeholders(['secrets', 'prefix'], secrets.prefix, ['{owner}', '{repo}'])];
}

function placeholders(path: string[], text: string, known: readonly string[]): Contradiction[] {
  return [...text.matchAll(/\{[^}]*\}?|\}/g)]
    .filter(([used]) => !known.includes(used))
    .map(([used]) => ({ path, message: `knows ${known.join(', ').replace(/, ([^,]*)$/, ' and $1')}; found ${used}` }));
}

function budgetProblems({ sizes, cost: { rates, budgets, currency } }: Settings): Contradiction[] {
  const prices = Object.values(sizes).map(({ requests }) => {
    const perHour = quantityValue(requests.cpu) * rates.cpuHour;
    return 24 * (perHour + (quantityValue(requests.memory) / 2 ** 30) * rates.memoryGiBHour);
  });
  const least = Math.min(...prices);
  const { perPreviewDay = 0, totalDay = Number.POSITIVE_INFINITY } = budgets;
  if (perPreviewDay > totalDay) {
    const message = `must not be above cost.budgets.totalDay, which is ${totalDay}; found ${perPreviewDay}`;
    return [{ path: ['cost', 'budgets', 'perPreviewDay'], message }];
  }
  return (['perPreviewDay', 'totalDay'] as const)
    .filter((budget) => (budgets[budget] ?? Number.POSITIVE_INFINITY) < least)
    .map((budget) => ({
      path: ['cost', 'budgets', budget],
      message: `lets no preview run: the smallest size costs ${least.toFixed(4)} ${currency} a day`,
    }));
}

function slotProblems({ slots: { total = Number.POSITIVE_INFINITY, ...each } }: Settings): Contradiction[] {
  return (['perRepo', 'perAuthor'] as const)
    .filter((part) => (each[part] ?? 0) > total)
    .map((part) => ({
      path: ['slots', part],
      message: `must not be above slots.total, which is ${total}; found ${each[part]}`,
    }));
}

function serviceProblems({ services, sizes, registries }: Settings): Contradiction[] {
  return Object.entries(services).flatMap(([name, { image, size }]) => {
    if (image === undefined) return [];
    const at = (field: string, message: string) => ({ path: ['services', name, field], message });
    const parsed = parseImage(image);
    const problems: Contradiction[] = [];
    if (typeof parsed === 'string') problems.push(at('image', parsed));
    else if (!isInRegistries(parsed, registries)) {
      problems.push(at('image', `must be of one of the registries (${registries.join(', ')}); found ${image}`));
    }
    if (size !== undefined && !Object.hasOwn(sizes, size)) {
      problems.push(at('size', `must be ${oneOf(sizes)}; found "${size}"`));
    }
    return problems;
  });
}

function recipientProblems({ secrets: { mechanism, sops } }: Settings): Contradiction[] {
  if (mechanism !== 'sops' || sops.recipients.length > 0) return [];
  const message =
    'must name who can open encrypted files where secrets.mechanism is sops: the key of the cluster at least';
  return [{ path: ['secrets', 'sops', 'recipients'], message }];
}

function pullSecretProblems({ imagePullSecrets, secrets }: Settings): Contradiction[] {
  const names = imagePullSecrets.map(pullSecretName);
  return imagePullSecrets.flatMap((each, i) => {
    const path = ['imagePullSecrets', i];
    if (names.indexOf(names[i]!) !== i) return [{ path, message: `names ${names[i]} a second time` }];
    if (typeof each === 'string') return [];
    if (secrets.mechanism !== 'external-secrets') {
      const message = `needs secrets.mechanism external-secrets, but it is ${secrets.mechanism}: write the name only, and let a controller of the cluster copy the Secret`;
      return [{ path: [...path, 'secret'], message }];
    }
    if (!each.name.startsWith(PREVIEW_PREFIX)) return [];
    const message = `must not start with ${PREVIEW_PREFIX}, as the Secrets of previews do; found ${each.name}`;
    return [{ path: [...path, 'name'], message }];
  });
}

/** Status settings that report something need `status.url` to send it to; `status.logs` needs the reporter. */
function statusProblems({ status }: Settings): Contradiction[] {
  const { url, notify, watch, image, logs } = status;
  const where = 'the address of `serve` that receives the reports';
  return [
    ...(notify && url === undefined ? [{ path: ['status', 'notify'], message: `needs status.url, ${where}` }] : []),
    ...(logs && !watch
      ? [{ path: ['status', 'logs'], message: 'needs status.watch: true, since the reporter reads the logs' }]
      : []),
    ...(image !== undefined && !watch
      ? [{ path: ['status', 'image'], message: 'needs status.watch: true: it is the image of the reporter' }]
      : []),
    ...(watch && image !== undefined && url === undefined
      ? [{ path: ['status', 'image'], message: `needs status.url, ${where}` }]
      : []),
  ];
}
