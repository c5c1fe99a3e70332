import { Liquid, type Template, Tokenizer, TokenKind } from 'liquidjs';
import { invalidInput } from '../core/errors.ts';
import { type FileSet, fileSet } from '../core/fileset.ts';
import type { TemplateAnswers } from './answers.ts';
import { RENDERED, SKELETON } from './template.ts';

/** Limits for each file, more than any text file needs: milliseconds, and liquidjs's own units. */
const LIMITS = { parseLimit: 1_000_000, renderLimit: 1_000, memoryLimit: 10_000_000 };

/** The only allowed tags: their output is the same as in Backstage's nunjucks, byte for byte. */
const TAGS = ['if', 'elsif', 'else', 'endif', 'raw', 'endraw'];

function engine(): Liquid {
  const liquid = new Liquid({
    outputDelimiterLeft: '${{',
    outputDelimiterRight: '}}',
    ownPropertyOnly: true,
    strictVariables: true,
    strictFilters: true,
    // An empty text is false, as in nunjucks.
    jsTruthy: true,
    // Read no files: there are no includes.
    relativeReference: false,
    templates: {},
    ...LIMITS,
  });
  for (const name of Object.keys(liquid.tags)) if (!TAGS.includes(name)) delete liquid.tags[name];
  for (const name of Object.keys(liquid.filters)) delete liquid.filters[name];
  return liquid;
}

/**
 * Renders the files of a new repository: those that end in `.njk` are rendered and lose that ending, all others are
 * copied.
 *
 * @param values available in templates as `values.<name>`
 * @throws GreenroomError `invalid-input` with file and line if something cannot be rendered
 */
export function renderSkeleton(skeleton: FileSet, values: TemplateAnswers): FileSet {
  const liquid = engine();
  return fileSet(
    [...skeleton].map(([path, text]): [string, string] => {
      if (!path.endsWith(RENDERED)) return [path, text];
      return [path.slice(0, -RENDERED.length), render(liquid, `${SKELETON}${path}`, text, values)];
    }),
  );
}

function render(liquid: Liquid, file: string, text: string, values: TemplateAnswers): string {
  checkTokens(file, text, liquid);
  try {
    const parsed: Template[] = liquid.parse(text);
    return String(liquid.renderSync(parsed, { values }));
  } catch (cause) {
    const { message, token } = cause as Error & { token?: { getPosition?: () => number[] } };
    const line = token?.getPosition?.()[0];
    const words = message
      .split('\n')[0]!
      .replace(/, (file|line):.*$/, '')
      .replace(/, line:\d+.*$/, '');
    throw invalidInput(
      [{ file, ...(line !== undefined && { line, column: 1 }), message: `cannot be rendered: ${words}` }],
      cause,
    );
  }
}

const VALUE = String.raw`values\.[a-zA-Z][A-Za-z0-9]*`;
const OUTPUT = new RegExp(`^\\s*${VALUE}\\s*$`);
const CONDITION = new RegExp(String.raw`^\s*${VALUE}(\s*(==|!=)\s*("[^"]*"|'[^']*'|\d{1,9}|true|false))?\s*$`);

/** Checks before rendering, with clear messages, for what nunjucks would handle differently and for unclosed tags. */
function checkTokens(file: string, text: string, liquid: Liquid): void {
  for (const token of tokensOf(file, text, liquid)) {
    const [line = 1, column = 1] = token.getPosition();
    const refuse = (message: string) => invalidInput([{ file, line, column, message }]);
    if (token.kind === TokenKind.Output) {
      const { content } = token as unknown as { content: string };
      if (!OUTPUT.test(content)) {
        throw refuse(`has "\${{${content}}}"; a placeholder is \${{ values.<name> }}, without filters and operators`);
      }
    } else if (token.kind === TokenKind.Tag) {
      const { name, args } = token as unknown as { name: string; args: string };
      if (!TAGS.includes(name)) throw refuse(`has the tag "${name}"; templates may use if, else and raw`);
      if ((name === 'if' || name === 'elsif') && !CONDITION.test(args)) {
        throw refuse(
          `has the condition "${args}"; one is values.<name>, alone or compared by == or != with a text or a number`,
        );
      }
    } else if (text.slice(token.begin, token.end).includes('{#')) {
      throw refuse('has "{#", which begins a comment in Backstage; put it between {% raw %} and {% endraw %}');
    }
  }
}

function tokensOf(file: string, text: string, liquid: Liquid) {
  try {
    return new Tokenizer(text).readTopLevelTokens(liquid.options);
  } catch (cause) {
    const [, words, line] = /^(.*?), line:(\d+)/.exec((cause as Error).message) ?? [];
    const place = line === undefined ? {} : { line: Number(line), column: 1 };
    throw invalidInput([{ file, ...place, message: `cannot be read: ${words ?? (cause as Error).message}` }], cause);
  }
}
