import { type FileSet, fileSet } from '../core/fileset.ts';
import { emitYaml } from '../core/yaml.ts';
import { REPOSITORY_ANNOTATION } from '../model/labels.ts';
import { OWNER_PATTERN } from '../model/micro-app.ts';
import { appsRepoUrl, type PlatformSpec } from '../model/platform.ts';
import { questionsOf } from './answers.ts';
import { asJsonSchema, givenOf, RESERVED, registrationText, wholeSkeleton } from './project.ts';
import type { ProjectTemplate } from './template.ts';

/** Pattern for repository names, the same as in `greenroom new`. */
const NAME_PATTERN = `^(?!(${RESERVED.map((name) => name.replace('.', '\\.')).join('|')})$)[a-z]([a-z0-9]|-(?!-)){0,38}[a-z0-9]$`;

/**
 * A template for Backstage's scaffolder (`scaffolder.backstage.io/v1beta3`), by paths in its own folder. It has the
 * same questions and the same skeleton, and Backstage renders the same bytes.
 *
 * @param host of the repositories, e.g. `github.com`
 */
export function backstageTemplate(template: ProjectTemplate, platform: PlatformSpec, host: string): FileSet {
  const skeleton = [...wholeSkeleton(template)].map(([path, text]): [string, string] => [`skeleton/${path}`, text]);
  const app = { repository: '${{ values.repository }}', owner: '${{ values.owner }}' };
  const registration = registrationText(app, `${platform.sources[0]!.owner}/repo`);
  return fileSet([
    ['template.yaml', emitYaml(entityOf(template, platform, host))],
    // Backstage renders file names too.
    ['registration/${{ values.repo }}.yaml.njk', registration],
    ['component/catalog-info.yaml.njk', emitYaml(componentOf(template))],
    ...skeleton,
  ]);
}

function entityOf(template: ProjectTemplate, platform: PlatformSpec, host: string) {
  const owner = platform.sources[0]!.owner;
  return {
    apiVersion: 'scaffolder.backstage.io/v1beta3',
    kind: 'Template',
    metadata: { name: template.name, title: template.title, description: template.description },
    spec: {
      owner: platform.policies.contact.replace(/^@/, ''),
      type: 'service',
      parameters: [ownPage(platform), ...template.pages.map(asJsonSchema)],
      steps: steps(template, platform, { owner, host }),
      output: {
        links: [
          { title: 'Its source', url: '${{ steps.publish.output.remoteUrl }}' },
          { title: 'Its registration', url: '${{ steps.register.output.remoteUrl }}' },
        ],
      },
    },
  };
}

/** Entry of a created app in Backstage's catalog. The previews' namespaces have the same annotation. */
function componentOf({ description }: ProjectTemplate) {
  const repository = '${{ values.repository }}';
  return {
    apiVersion: 'backstage.io/v1alpha1',
    kind: 'Component',
    metadata: {
      name: '${{ values.repo }}',
      description,
      annotations: { 'github.com/project-slug': repository, [REPOSITORY_ANNOTATION]: repository },
    },
    spec: { type: 'service', lifecycle: 'experimental', owner: '${{ values.owner }}' },
  };
}

function ownPage({ sizes, defaultSize }: PlatformSpec) {
  return {
    title: 'What it is called',
    required: ['repo', 'team'],
    'ui:order': ['repo', 'team', 'size'],
    properties: {
      repo: { title: 'Name of the repository', type: 'string', pattern: NAME_PATTERN, 'ui:autofocus': true },
      team: {
        title: 'Who is responsible for it',
        type: 'string',
        pattern: OWNER_PATTERN,
        'ui:field': 'OwnerPicker',
        'ui:options': { allowArbitraryValues: false },
      },
      size: { title: 'How big is it?', type: 'string', enum: Object.keys(sizes), default: defaultSize },
    },
  };
}

function steps(template: ProjectTemplate, platform: PlatformSpec, { owner, host }: { owner: string; host: string }) {
  const repo = '${{ parameters.repo }}';
  // Use a valid sample name, then replace it everywhere by the parameter.
  const sample = givenOf(`${owner}/repo-of-the-form`, platform.defaultSize, platform);
  const given = Object.fromEntries(
    Object.entries(sample).map(([name, value]) => [name, value.replaceAll('repo-of-the-form', repo)]),
  );
  const answers = questionsOf(template).map(({ name }) => [name, `\${{ parameters.${name} }}`]);
  const [appsOwner, appsName] = sample.appsRepo.split('/');
  const repoUrl = (of: string | undefined, name: string | undefined) => `${host}?owner=${of}&repo=${name}`;
  return [
    {
      id: 'fetch',
      name: 'Write the files',
      action: 'fetch:template',
      input: {
        url: './skeleton',
        templateFileExtension: true,
        values: { ...given, size: '${{ parameters.size }}', ...Object.fromEntries(answers) },
      },
    },
    {
      id: 'component',
      name: 'Write what the catalog shows',
      action: 'fetch:template',
      input: {
        url: './component',
        templateFileExtension: true,
        values: { repo, repository: given['repository'], owner: '${{ parameters.team }}' },
      },
    },
    {
      id: 'publish',
      name: 'Make the repository',
      action: 'publish:github',
      input: {
        repoUrl: repoUrl(owner, repo),
        description: template.description,
        repoVisibility: 'private',
        defaultBranch: 'main',
      },
    },
    {
      id: 'registration',
      name: 'Write the registration',
      action: 'fetch:template',
      input: {
        url: './registration',
        targetPath: './registration',
        templateFileExtension: true,
        values: { repo, repository: given['repository'], owner: '${{ parameters.team }}' },
      },
    },
    {
      id: 'register',
      name: 'Propose it to the platform team',
      action: 'publish:github:pull-request',
      input: {
        repoUrl: repoUrl(appsOwner, appsName),
        branchName: `greenroom/register/${owner}-${repo}`,
        title: `Register ${given['repository']}`,
        description: `Registered from Backstage. ${appsRepoUrl(platform)} reviews it.`,
        sourcePath: './registration',
        targetPath: `apps/${owner}`,
      },
    },
    {
      id: 'catalog',
      name: 'Show it in the catalog',
      action: 'catalog:register',
      input: {
        repoContentsUrl: '${{ steps.publish.output.repoContentsUrl }}',
        catalogInfoPath: '/catalog-info.yaml',
      },
    },
  ];
}
