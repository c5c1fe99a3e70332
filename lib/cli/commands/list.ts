import { InvalidArgumentError, Option } from 'commander';
import { systemClock } from '../../core/clock.ts';
import { isSameRepository, type RepositoryRef } from '../../core/repository.ts';
import { type PreviewRecord, recordedPullRequest } from '../../model/record.ts';
import { STATES, type StatusState } from '../../status/status.ts';
import { type Expected, expectedPreviews } from '../../sync/expected.ts';
import type { SyncContext } from '../../sync/plan/base.ts';
import { type PreviewStatus, previewStatuses } from '../../sync/statuses.ts';
import { type ClientOptions, readOptions, withClients } from '../shared/clients.ts';
import type { Configure } from '../shared/command.ts';
import { type Io, json } from '../shared/io.ts';
import { durationArgument, repositoryArgument } from '../shared/options.ts';
import { byName, previewTable, tellUnknown } from '../shared/previews.ts';

interface ListOptions extends ClientOptions {
  repo?: RepositoryRef;
  author?: string;
  cluster?: string;
  state?: readonly StatusState[];
  endsWithin?: number;
  sort: Order;
}

export const configure: Configure = (command, io) => {
  readOptions(command)
    .option('--repo <owner/name>', 'only previews of this repository', repositoryArgument)
    .option('--author <login>', 'only previews of pull requests by this account')
    .option('--cluster <name>', 'only previews in this cluster')
    .addOption(statesOption())
    .option('--ends-within <time>', 'only previews that end within this time, e.g. 4h', durationArgument)
    .addOption(new Option('--sort <order>', 'sort order').choices(Object.keys(ORDERS)).default('name'))
    .addHelpText(
      'after',
      `
Shows the previews of an apps repo: state, commit, end, cost per day, owner and address. Reads only the apps repo and the
forge, no cluster; writes nothing. Pull requests that wait for their first preview (for their build, a free slot or a
review) come last; --cluster and --ends-within leave them out.

Examples:
  greenroom list --apps-repo acme/previews
  greenroom list --apps-repo acme/previews --repo acme/shop --state not-working,starting
  greenroom list --apps-repo acme/previews --ends-within 4h --sort end --format json`,
    )
    .action((options: ListOptions) => run(options, io));
};

async function run(options: ListOptions, io: Io): Promise<void> {
  const now = systemClock();
  const { found, expected } = await withClients(options, io, async (context) => ({
    found: await previewStatuses(context, (record) => isWanted(record, options, now)),
    expected: await expectedOf(context, options),
  }));
  const isIn = (state: StatusState | undefined) =>
    options.state === undefined || (state !== undefined && options.state.includes(state));
  const previews = found
    .filter(({ status }) => isIn(status?.state))
    .sort(byName)
    .sort(ORDERS[options.sort]);
  const waiting = expected.previews.filter(({ build }) => isIn(build?.state)).toSorted(byName);
  if (options.format === 'json') io.out(json({ previews, expected: waiting }));
  else if (previews.length + waiting.length > 0) io.out(previewTable(previews, waiting));
  else io.err('no preview matches\n');
  tellUnknown(expected, io);
}

/** No cluster and no end are known of them. */
async function expectedOf(context: SyncContext, options: ListOptions): Promise<Expected> {
  const { repo, author, cluster, endsWithin } = options;
  if (cluster !== undefined || endsWithin !== undefined) return { previews: [], unknown: [] };
  return expectedPreviews(context, {
    isWanted: (pull) =>
      (repo === undefined || isSameRepository(pull.repository, repo)) &&
      (author === undefined || pull.author.toLowerCase() === author.toLowerCase()),
  });
}

/** Uses only the record, so that the forge is asked only about wanted previews. */
function isWanted(record: PreviewRecord, { repo, author, cluster, endsWithin }: ListOptions, now: number): boolean {
  return (
    (repo === undefined || isSameRepository(recordedPullRequest(record), repo)) &&
    (author === undefined || record.author.toLowerCase() === author.toLowerCase()) &&
    (cluster === undefined || record.cluster === cluster) &&
    (endsWithin === undefined || record.expires - now <= endsWithin)
  );
}

type Order = 'name' | 'end' | 'cost' | 'state';

/** Previews that compare equal stay sorted by name. */
const ORDERS: Readonly<Record<Order, (a: PreviewStatus, b: PreviewStatus) => number>> = {
  name: byName,
  end: (a, b) => a.expires - b.expires,
  cost: (a, b) => b.cost.perDay - a.cost.perDay,
  state: (a, b) => rankOf(a) - rankOf(b),
};

const rankOf = ({ status }: PreviewStatus) => (status === null ? STATES.length : STATES.indexOf(status.state));

function statesOption(): Option {
  const option = new Option('--state <states>', 'only previews in these states, separated by commas');
  option.argParser(statesArgument);
  // Not `choices`, which would take only one of them.
  option.argChoices = [...STATES];
  return option;
}

function statesArgument(text: string): readonly StatusState[] {
  const words = text.split(',').map((word) => word.trim().toLowerCase());
  const wrong = words.filter((word) => !STATES.some((state) => state === word));
  if (wrong.length > 0) throw new InvalidArgumentError(`It takes ${STATES.join(', ')}, with commas between them.`);
  return words as StatusState[];
}
