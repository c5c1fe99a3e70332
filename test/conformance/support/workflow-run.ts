import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../run.ts';

/** A step of a GitHub workflow, as far as it is run here. */
export interface WorkflowStep {
  readonly id?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly with?: Readonly<Record<string, string>>;
}

export interface WorkflowJob {
  readonly env?: Readonly<Record<string, string>>;
  readonly outputs?: Readonly<Record<string, string>>;
  readonly steps: readonly WorkflowStep[];
}

export interface Runner {
  readonly cwd: string;
  /** Values of expressions by their text, e.g. `github.repository`. */
  readonly context: Readonly<Record<string, string>>;
  /** What an action does, by its name without the commit; it gives its outputs. */
  readonly actions: Readonly<
    Record<string, (input: Readonly<Record<string, string>>) => Promise<Record<string, string>>>
  >;
  readonly env: Readonly<Record<string, string>>;
}

/** Runs the steps of a job in their order, its shell steps as GitHub's runner does: `bash -e`. Gives the job's outputs. */
export async function runJob(
  job: WorkflowJob,
  { cwd, context, actions, env }: Runner,
): Promise<Record<string, string>> {
  const known: Record<string, string> = { ...context };
  const fill = (text: string): string =>
    String(text).replace(/\$\{\{ (.*?) \}\}/g, (_, expression: string) => {
      const value = expression.startsWith('env.') ? filled(job.env)[expression.slice(4)] : known[expression];
      if (value === undefined) throw new Error(`nothing known for ${expression}`);
      return value;
    });
  const filled = (map: Readonly<Record<string, string>> = {}): Record<string, string> =>
    Object.fromEntries(Object.entries(map).map(([key, value]) => [key, fill(value)]));
  for (const step of job.steps) {
    let outputs: Record<string, string>;
    if (step.uses !== undefined) {
      const name = step.uses.split('@')[0]!;
      const action = actions[name];
      if (action === undefined) throw new Error(`no stand-in for ${name}`);
      outputs = await action(filled(step.with));
    } else outputs = await shell(step, { cwd, env: { ...env, ...filled(job.env), ...filled(step.env) } });
    for (const [key, value] of Object.entries(outputs)) known[`steps.${step.id}.outputs.${key}`] = value;
  }
  return filled(job.outputs);
}

async function shell(step: WorkflowStep, { cwd, env }: Pick<Runner, 'cwd' | 'env'>): Promise<Record<string, string>> {
  const files = { GITHUB_OUTPUT: join(cwd, '.output'), GITHUB_STEP_SUMMARY: join(cwd, '.summary') };
  writeFileSync(files.GITHUB_OUTPUT, '');
  await run('bash', ['-e', '-c', step.run!], { cwd, env: { ...env, ...files }, timeoutMs: 300_000 });
  const lines = readFileSync(files.GITHUB_OUTPUT, 'utf8').split('\n').filter(Boolean);
  return Object.fromEntries(lines.map((line) => line.split(/=(.*)/s).slice(0, 2)));
}
