/** The value of a plain (unquoted) scalar, or why it is not allowed. */
export type PlainScalar = { readonly value: string | number | boolean | null } | { readonly problem: string };

const NULL = /^(?:|~|null|Null|NULL)$/;
const TRUE = /^(?:true|True|TRUE)$/;
const FALSE = /^(?:false|False|FALSE)$/;
const OTHER_BOOLEAN = /^(?:y|yes|n|no|on|off)$/i;
const DECIMAL = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const HEXADECIMAL = /^0x[0-9a-fA-F]+$/;
const OTHER_NUMBER = /^[-+]?(?:0[0-9]+|0b[01]+|0o[0-7]+|0x[0-9a-f]+)$/i;
const NOT_FINITE = /^(?:[-+]?\.inf|\.nan)$/i;
/** Longer than any number that a double can represent exactly and that people write out. */
const LONGEST_NUMBER = 40;

/**
 * Parses a plain scalar with the YAML 1.2 core schema, if the YAML 1.1 parser of Kubernetes and its tools agrees. If
 * they differ (`on`, `0644`, `1_000`), the checked value would not be the one that runs, so the scalar must be quoted.
 * Messages never contain the scalar, which could be a secret.
 */
export function resolvePlain(text: string): PlainScalar {
  if (NULL.test(text)) return { value: null };
  if (TRUE.test(text)) return { value: true };
  if (FALSE.test(text)) return { value: false };
  if (OTHER_BOOLEAN.test(text)) {
    const meaning = /^(?:y|yes|on)$/i.test(text);
    return {
      problem: `is text for some YAML readers and ${meaning} for others: write "${text}" in quotes if you mean the word, ${meaning} if it is a switch`,
    };
  }
  if (NOT_FINITE.test(text)) return { problem: 'is not a finite number; put it in quotes if it is text' };
  const digits = text.replaceAll('_', '');
  const isNumber = DECIMAL.test(digits) || HEXADECIMAL.test(digits) || OTHER_NUMBER.test(digits);
  if (!isNumber || text.startsWith('_')) return { value: text };
  if (digits !== text || OTHER_NUMBER.test(text) !== HEXADECIMAL.test(text)) {
    return {
      problem:
        'is a different number, or text, depending on the YAML reader: put it in quotes if it is text, else write a plain decimal number',
    };
  }
  return isExact(text)
    ? { value: Number(text) || 0 }
    : { problem: 'is a number with more digits than can be kept; put it in quotes if it is text' };
}

function isExact(text: string): boolean {
  if (text.length > LONGEST_NUMBER) return false;
  const value = Number(text);
  if (HEXADECIMAL.test(text)) return Number.isSafeInteger(value);
  // An integer above 2^53 may be exact by chance, but its neighbours have the same double value.
  if (!Number.isFinite(value) || Math.abs(value) > Number.MAX_SAFE_INTEGER) return false;
  return canonical(text) === canonical(String(value));
}

/** Significant digits and the exponent of the last one, so that `1.50`, `15e-1` and `1.5` are equal. */
function canonical(text: string): string {
  const [mantissa = '', exponent = '0'] = text.replace(/^[-+]/, '').toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const digits = (whole + fraction).replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '0';
  return `${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`;
}
