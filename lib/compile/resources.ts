import type { ResourceProps } from '../constructs/preview-app/resources.ts';
import { invalidInput, type Problem } from '../core/errors.ts';
import { closest } from '../model/load/suggest.ts';
import { fieldName, type Loaded } from '../model/load.ts';
import type { PlatformSpec } from '../model/platform.ts';
import type { Preview } from '../model/preview.ts';
import { MAX_LABEL } from '../model/scalars.ts';
import { SERVICE_TYPES } from '../model/services/index.ts';
import type { ServiceType } from '../model/services/service.ts';
import { MAX_OBJECT_NAME, type OperatedResource, operatedResource, operatedTypes } from './operated.ts';

/** A resource and the variables that apps read. */
export interface ResolvedResource extends ResourceProps {
  readonly env: Readonly<Record<string, string>>;
}

/** The `resources` of a preview: those in the first app's pod, and those that operators run. */
export interface ResolvedResources {
  readonly sidecars: readonly ResolvedResource[];
  readonly operated: readonly OperatedResource[];
}

const LOOPBACK = '127.0.0.1';

/**
 * Resolves a preview's `resources`. Those with an image run in the first app's pod. With one app they listen on the pod's
 * loopback, which nothing else can reach; with several apps, inside the preview's namespace. So they need no password.
 * Those with a class are objects of the fence, and apps read their password from the Secret of the operator.
 *
 * @param name the preview's name
 * @throws GreenroomError `invalid-input` for a type that the platform does not offer
 */
export function resolveResources(preview: Loaded<Preview>, platform: PlatformSpec, name: string): ResolvedResources {
  const problems: Problem[] = [];
  const operated: OperatedResource[] = [];
  const classes = operatedTypes(platform);
  const isShared = Object.keys(preview.value.spec.apps).length > 0;
  const taken = new Set<string>();
  const ports = new Map<number, string>();
  const { port } = preview.value.spec;
  if (port !== null) ports.set(port, 'the app');
  const sidecars = Object.entries(preview.value.spec.resources).flatMap(([key, { type, seed }]): ResolvedResource[] => {
    const complain = (field: string, message: string) => {
      const path = ['spec', 'resources', key, ...(field === '' ? [] : [field])];
      problems.push({ ...preview.positions.of(path), field: fieldName(path), message });
    };
    const chosen = classes.get(type);
    if (chosen !== undefined) {
      const variable = usualVariable(type, platform);
      const given = { name, isFirst: !taken.has(variable) };
      taken.add(variable);
      for (const { field, message } of operatedProblems(`${name}-${key}`, type, seed !== undefined)) {
        complain(field, message);
      }
      operated.push(operatedResource(platform, { key, type, chosen, variable }, given));
      return [];
    }
    const service = serviceOf(type, platform);
    if (typeof service === 'string') {
      complain('type', service);
      return [];
    }
    const serviceName = `${name}-${key}`;
    if (isShared && serviceName.length > MAX_LABEL) {
      complain(
        '',
        `makes the name ${serviceName}, longer than the ${MAX_LABEL} characters of a Service's name; choose a shorter one`,
      );
    }
    // All of them share the network of one pod.
    const holder = ports.get(service.port);
    if (holder === undefined) ports.set(service.port, key);
    else complain('', `listens on port ${service.port}, like ${holder} in the same pod; ${advice(holder, type)}`);
    const host = isShared ? serviceName : LOOPBACK;
    const first = !taken.has(service.variable);
    taken.add(service.variable);
    return [
      {
        name: key,
        image: service.image,
        port: service.port,
        user: service.user,
        size: platform.sizes[service.size] ?? platform.sizes[platform.defaultSize]!,
        args: service.args(isShared ? '0.0.0.0' : LOOPBACK),
        env: outputs(key, service, host, first),
        ownEnv: service.env,
        writable: service.writable,
        ready: service.ready,
        ...(isShared && { service: serviceName }),
        ...(seed !== undefined && { seed }),
      },
    ];
  });
  if (problems.length > 0) throw invalidInput(problems);
  return { sidecars, operated };
}

function operatedProblems(object: string, type: string, hasSeed: boolean): { field: string; message: string }[] {
  const tooLong = `makes the name ${object}, longer than the ${MAX_OBJECT_NAME} characters that its operator has room for; choose a shorter one`;
  const kept = `cannot be used with ${type} here, whose data outlive a push: it would run on a database that is full; use release, with a command that can run again`;
  return [
    ...(object.length > MAX_OBJECT_NAME ? [{ field: '', message: tooLong }] : []),
    ...(hasSeed ? [{ field: 'seed', message: kept }] : []),
  ];
}

/** The variable that apps read the address of a type from, such as `DATABASE_URL`. */
function usualVariable(type: string, { services }: PlatformSpec): string {
  return services[type]?.variable ?? SERVICE_TYPES.find(({ name }) => name === type)!.variable;
}

function advice(holder: string, type: string): string {
  if (holder === 'the app') return 'let the app listen on another one';
  return `one ${type} is enough for several apps, which can each take a database or a prefix of their own in it`;
}

type Offered = ServiceType & { readonly image: string };

function serviceOf(type: string, platform: PlatformSpec): Offered | string {
  const { services, policies } = platform;
  const usual = SERVICE_TYPES.find(({ name }) => name === type);
  const chosen = Object.hasOwn(services, type) ? services[type] : undefined;
  if (chosen === undefined) {
    const names = Object.keys(services);
    const meant = closest(type, names);
    if (meant !== undefined) return `is not offered here; found "${type}", did you mean "${meant}"?`;
    const offered = names.length === 0 ? 'there are no services yet' : `there are ${names.join(', ')}`;
    return `is not offered here; found "${type}", ${offered}. Ask ${policies.contact} for it`;
  }
  const { image, size, user, port, args, env, writable, ready, url, variable } = chosen;
  return {
    name: type,
    // The schema requires it of services without a class.
    image: image!,
    size: size ?? usual?.size ?? 'small',
    user: user ?? usual?.user ?? 999,
    port: port ?? usual!.port,
    args: args === undefined ? (usual?.args ?? (() => [])) : () => args,
    env: { ...usual?.env, ...env },
    writable: writable ?? usual?.writable ?? [],
    ready: ready ?? usual?.ready ?? null,
    database: usual?.database ?? '',
    username: usual?.username ?? '',
    url: url ?? usual!.url,
    variable: variable ?? usual!.variable,
  };
}

/** Score's outputs as `<NAME>_HOST` and so on, and the URL under the usual variable name. */
function outputs(key: string, service: Offered, host: string, isFirst: boolean): Record<string, string> {
  const prefix = key.replaceAll('-', '_').toUpperCase();
  const { port, database, username } = service;
  const url = service.url.replaceAll('{host}', host).replaceAll('{port}', String(port));
  return {
    [`${prefix}_HOST`]: host,
    [`${prefix}_PORT`]: String(port),
    ...(database !== '' && { [`${prefix}_DATABASE`]: database, [`${prefix}_NAME`]: database }),
    ...(username !== '' && { [`${prefix}_USERNAME`]: username, [`${prefix}_PASSWORD`]: '' }),
    [`${prefix}_URL`]: url,
    ...(isFirst && { [service.variable]: url }),
  };
}
