import { COST_CENTRE_LABEL, OWNER_ANNOTATION, TEAM_LABEL } from '../model/labels.ts';
import type { MicroApp } from '../model/micro-app.ts';
import type { PlatformSpec } from '../model/platform.ts';

/**
 * The platform's settings for one registered repository: all objects get its owner, team and cost centre, and its
 * secrets use the prefix of its registration.
 */
export function withRegistration(platform: PlatformSpec, app: MicroApp | null | undefined): PlatformSpec {
  if (app == null) return platform;
  return {
    ...platform,
    labels: {
      ...platform.labels,
      ...(app.team !== undefined && { [TEAM_LABEL]: app.team }),
      ...(app.costCentre !== undefined && { [COST_CENTRE_LABEL]: app.costCentre }),
    },
    annotations: { ...platform.annotations, [OWNER_ANNOTATION]: app.owner },
    secrets: { ...platform.secrets, ...(app.secretsPrefix !== undefined && { prefix: app.secretsPrefix }) },
  };
}
