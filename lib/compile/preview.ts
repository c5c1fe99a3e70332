import { Construct } from 'constructs';
import type { PreviewApp } from '../constructs/preview-app/preview-app.ts';
import type { PreviewNamespace } from '../constructs/preview-namespace/preview-namespace.ts';
import { parseTime } from '../core/clock.ts';
import { invalidInput } from '../core/errors.ts';
import { emitYaml } from '../core/yaml.ts';
import { loadPreview } from '../model/files.ts';
import type { Loaded } from '../model/load.ts';
import type { PlatformSpec } from '../model/platform.ts';
import type { Preview as PreviewFile, PreviewSpecInput } from '../model/preview.ts';
import { API_VERSION } from '../model/scalars.ts';
import { build } from './build.ts';
import { previewProps } from './preview-props.ts';

/** The pull request that a preview shows. */
export interface PreviewPullRequest {
  /** `owner/name` of the repository. */
  readonly repository: string;
  /** The forge's numeric id of the repository. It does not change when the repository is renamed. */
  readonly repositoryId: number;
  /** Number of the pull request. */
  readonly number: number;
  /** Full id of the head commit, 40 or 64 hexadecimal digits. */
  readonly headSha: string;
  /**
   * When it was opened, ISO 8601 with a time zone. The preview's lifetime starts here unless `committedAt` is later.
   */
  readonly createdAt: string;
  /**
   * Time of the head commit, ISO 8601 with a time zone. The preview's lifetime starts here.
   * @default - `createdAt`
   */
  readonly committedAt?: string;
  /**
   * Labels of the pull request.
   * @default []
   */
  readonly labels?: readonly string[];
  /**
   * Account that opened it, for an annotation.
   * @default - no annotation
   */
  readonly author?: string;
  /**
   * URL of the pull request, for an annotation.
   * @default - no annotation
   */
  readonly url?: string;
}

/** Props of {@link Preview}. */
export interface PreviewProps {
  /** The platform's settings, e.g. `loadPlatform(text, 'greenroom.yaml').value.spec`. */
  readonly platform: PlatformSpec;
  /** The maker's file as `loadPreview` returns it, or the content of its `spec`. */
  readonly preview: Loaded<PreviewFile> | PreviewSpecInput;
  readonly pullRequest: PreviewPullRequest;
}

/**
 * A whole preview, fence and app, from the two files and a pull request: the same objects that `greenroom render`
 * writes. It uses the compiler's code for name, host, image tag, quota, network and expiry.
 *
 * Rules are not evaluated here, since other constructs may still change the objects. `greenroom check` evaluates the
 * synthesized objects, and so does admission in the cluster.
 *
 * @example
 * new Preview(chart, 'preview', { platform, preview: { template: 'web-service', image: 'ghcr.io/acme/shop' }, pullRequest });
 */
export class Preview extends Construct {
  /** Name of the preview: used for the namespace, the folder and the host. */
  readonly name: string;
  /** Host of the preview. */
  readonly host: string;
  /** Expiry in unix seconds. */
  readonly expires: number;
  /** Everything that isolates the preview. Only the platform writes it. */
  readonly fence: PreviewNamespace;
  /** URL for people; null if no app has a route. */
  readonly url: string | null;
  /** The first app. It can be changed until synthesis. */
  readonly app: PreviewApp;
  /** All apps: the first one has the preview's name, the others `<name>-<app>`. */
  readonly apps: ReadonlyMap<string, PreviewApp>;

  /**
   * @throws GreenroomError `invalid-input` if the file or the pull request is wrong, or the platform does not allow it
   */
  constructor(scope: Construct, id: string, props: PreviewProps) {
    super(scope, id);
    const { pullRequest, platform } = props;
    const [owner = '', repository = ''] = pullRequest.repository.split('/');
    const { repositoryId, number, headSha, labels = [] } = pullRequest;
    const createdAt = time(pullRequest.createdAt, 'pullRequest.createdAt');
    const committedAt = time(pullRequest.committedAt ?? pullRequest.createdAt, 'pullRequest.committedAt');
    if (!/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(headSha)) {
      throw invalidInput([{ field: 'pullRequest.headSha', message: `must be a full commit id; found ${headSha}` }]);
    }
    const plan = previewProps({
      preview: fileOf(props.preview),
      platform,
      identity: { repositoryId, owner, repository, number },
      headSha,
      labels,
      ...(pullRequest.author !== undefined && { author: pullRequest.author }),
      ...(pullRequest.url !== undefined && { pullRequestUrl: pullRequest.url }),
      times: { createdAt, committedAt, updatedAt: Math.max(createdAt, committedAt) },
    });
    this.name = plan.context.name;
    this.host = plan.context.host;
    this.url = plan.context.url;
    this.expires = plan.context.expires;
    const { namespace, preview, apps } = build(this, this, plan);
    this.fence = namespace;
    this.app = preview;
    this.apps = apps;
  }
}

function fileOf(preview: PreviewProps['preview']): Loaded<PreviewFile> {
  if ('positions' in preview) return preview as Loaded<PreviewFile>;
  return loadPreview(emitYaml({ apiVersion: API_VERSION, kind: 'Preview', spec: preview }), 'preview');
}

function time(text: string, field: string): number {
  const seconds = parseTime(text);
  if (seconds !== undefined) return seconds;
  throw invalidInput([
    { field, message: `must be a time such as 2026-11-24T08:00:00Z; found ${JSON.stringify(text)}` },
  ]);
}
