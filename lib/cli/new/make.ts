import { GreenroomError } from '../../core/errors.ts';
import type { FileSet } from '../../core/fileset.ts';
import { registrationBody, sourceBody } from '../../create/description.ts';
import { registrationText } from '../../create/project.ts';
import { type ProposedWork, type ProposeRequest, propose, wouldPropose } from '../../create/propose.ts';
import type { WorkRepository, Workshop } from '../../forge/workshop.ts';
import { microAppFile } from '../../model/micro-app.ts';
import { costWords } from '../../report/running.ts';
import type { Io } from '../shared/io.ts';
import type { CreationPlan } from './collect.ts';
import { openWorkshops, type Workshops } from './workshops.ts';

/** One of the two pull requests. */
export interface Step {
  readonly repository: string;
  /** `there`: the repository already has all the files; `would open`: in a dry run. */
  readonly outcome: 'opened' | 'found' | 'there' | 'would open';
  readonly number: number | null;
  readonly url: string | null;
}

export interface Made {
  readonly source: Step;
  readonly registration: Step;
  /** Address of the first preview; null until its pull request has a number. */
  readonly preview: string | null;
  readonly cost: CreationPlan['compiled']['cost'];
  readonly files: FileSet;
}

export interface MakeOptions {
  readonly appsRepo: string;
  readonly forge: string | undefined;
  readonly dryRun: boolean;
}

const SOURCE_BRANCH = 'greenroom/new';

/** Opens both pull requests, unless they already exist. */
export async function makeMicroApp(wanted: CreationPlan, options: MakeOptions, io: Io): Promise<Made> {
  const workshops = await openWorkshops(options.appsRepo, options.forge, io);
  const appsRepository = await appsRepositoryOf(workshops);
  const { cost } = wanted.compiled;
  if (options.dryRun) {
    await rehearse(wanted, workshops, appsRepository);
    const step = (repository: string): Step => ({ repository, outcome: 'would open', number: null, url: null });
    const [source, registration] = [step(wanted.repository.path), step(appsRepository.path)];
    return { source, registration, preview: null, cost, files: wanted.files };
  }
  const repository = await findOrCreate(workshops.source, wanted, io);
  const source = await propose(workshops.source, repository, sourceRequest(wanted));
  const pull = source.outcome === 'there' ? null : source.pull;
  const sha = (await workshops.source.head(repository, SOURCE_BRANCH)) ?? '0'.repeat(40);
  const compiled =
    pull === null ? null : await wanted.compile({ number: pull.number, sha, repositoryId: repository.id });
  const request = registrationRequest(wanted, compiled ?? wanted.compiled, pull?.url ?? null);
  const registration = await propose(workshops.apps, appsRepository, request);
  return {
    source: stepOf(repository.path, source),
    registration: stepOf(appsRepository.path, registration),
    preview: compiled?.url ?? null,
    cost,
    files: wanted.files,
  };
}

async function appsRepositoryOf({ apps, appsRepository }: Workshops): Promise<WorkRepository> {
  const found = await apps.repository(appsRepository);
  if (found !== null) return found;
  throw new GreenroomError(
    'failed',
    `the apps repo ${appsRepository.path} does not exist, or is not visible to these credentials`,
  );
}

async function findOrCreate(
  workshop: Workshop,
  { repository, template }: CreationPlan,
  io: Io,
): Promise<WorkRepository> {
  const found = await workshop.repository(repository);
  if (found !== null) return found;
  await workshop.createRepository(repository, template.description);
  io.err(`made the repository ${repository.path}\n`);
  const made = await workshop.repository(repository);
  if (made !== null) return made;
  throw new GreenroomError('unreachable', `${repository.path} was made and is not seen yet`);
}

async function rehearse(
  wanted: CreationPlan,
  { source, apps }: Workshops,
  appsRepository: WorkRepository,
): Promise<void> {
  const repository = await source.repository(wanted.repository);
  if (repository !== null) await wouldPropose(source, repository, sourceRequest(wanted));
  await wouldPropose(apps, appsRepository, registrationRequest(wanted, wanted.compiled, null));
}

function sourceRequest({ template, files, labels }: CreationPlan): ProposeRequest {
  const title = `Start from the template ${template.title}`;
  return { branch: SOURCE_BRANCH, files, title, body: sourceBody(template.title, files.get('README.md')), labels };
}

function registrationRequest(
  { app }: CreationPlan,
  compiled: CreationPlan['compiled'],
  source: string | null,
): ProposeRequest {
  const { repository, owner } = app;
  const { url, cost, files } = compiled;
  return {
    branch: `greenroom/register/${repository.replaceAll('/', '-')}`,
    files: new Map([[microAppFile(repository), registrationText(app)]]),
    title: `Register ${repository}`,
    body: registrationBody({ repository, owner, source, url, cost: costWords({ cost }), files }),
  };
}

function stepOf(repository: string, proposed: ProposedWork): Step {
  if (proposed.outcome === 'there') return { repository, outcome: 'there', number: null, url: null };
  const { number, url } = proposed.pull;
  return { repository, outcome: proposed.outcome, number, url };
}
