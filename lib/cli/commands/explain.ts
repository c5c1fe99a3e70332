import { GreenroomError } from '../../core/errors.ts';
import { closest } from '../../model/load/suggest.ts';
import { defaultPlatform } from '../../model/platform.ts';
import { DEFAULT_CONTACT } from '../../policies/checker.ts';
import { fenceAgainst } from '../../policies/fenced.ts';
import { type Rule, ruleMessage } from '../../policies/rule.ts';
import { chosenRules } from '../../policies/rule-set.ts';
import type { Configure } from '../shared/command.ts';
import { type ExtensionOptions, extensionOption, loadExtensions } from '../shared/extensions.ts';
import { json } from '../shared/io.ts';
import { type Format, formatOption } from '../shared/options.ts';

interface ExplainOptions extends ExtensionOptions {
  format: Format;
  contact: string;
}

export const configure: Configure = (command, io) => {
  extensionOption(formatOption(command))
    .argument('[rule]', 'id of a rule; without one, all are listed')
    .option('--contact <who>', 'the contact named in the text', DEFAULT_CONTACT)
    .addHelpText('after', '\nExamples:\n  greenroom explain\n  greenroom explain run-as-non-root')
    .action(async (id: string | undefined, options: ExplainOptions) => {
      const { format, contact } = options;
      const all = chosenRules(await loadExtensions(options, io));
      const rules = id === undefined ? all : [ruleOf(id, all)];
      if (format === 'json') io.out(json(rules.map((rule) => data(rule, contact))));
      else if (id === undefined) io.out(rules.map((rule) => `${rule.id.padEnd(26)} ${rule.title}\n`).join(''));
      else io.out(rules.map((rule) => explanation(rule, contact)).join(''));
    });
};

function ruleOf(id: string, rules: readonly Rule[]): Rule {
  const rule = rules.find((candidate) => candidate.id === id);
  if (rule !== undefined) return rule;
  const ids = rules.map((candidate) => candidate.id);
  const near = closest(id, ids);
  const hint = near === undefined ? '`greenroom explain` lists them all' : `did you mean "${near}"?`;
  throw new GreenroomError('invalid-input', `there is no rule "${id}"; ${hint}`);
}

function data({ id, title, why, source, severity, examples, ...rule }: Rule, contact: string) {
  return { id, title, message: ruleMessage(rule, contact), why, source, severity, examples };
}

function explanation(rule: Rule, contact: string): string {
  const { id, title, why, source, severity, examples } = rule;
  const indent = (text: string) => text.trim().replace(/^/gm, '    ');
  return `${title} (${id}, ${severity === 'deny' ? 'refuses' : 'warns'})

${ruleMessage(rule, contact)}

Why: ${why}
Source: ${source}

Not like this:
${indent(examples.bad)}

But like this:
${indent(examples.good)}

${exceptionText(id, contact)}`;
}

function exceptionText(id: string, contact: string): string {
  const fence = fenceAgainst(id, defaultPlatform());
  if (fence !== undefined) return `No exception can lift it: ${fence}.\n`;
  return `An exception is a file exceptions/<name>.yaml in the apps repo, granted by ${contact}:
    apiVersion: greenroom.dev/v1alpha1
    kind: Exception
    spec:
      rule: ${id}
      repository: acme/shop       # or preview: pr-shop-7
      reason: why it is needed
      approver: "@who-granted-it"
      until: 2026-12-31           # at most 90 days ahead
`;
}
