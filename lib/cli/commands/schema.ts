import { GreenroomError } from '../../core/errors.ts';
import { TEMPLATE_KIND } from '../../create/template.ts';
import { FILE_KINDS, type FileKind, schemaText } from '../../model/schemas.ts';
import type { Configure } from '../shared/command.ts';

const KINDS: Readonly<Record<string, FileKind>> = { ...FILE_KINDS, template: TEMPLATE_KIND };

export const configure: Configure = (command, io) => {
  command
    .argument('<name>', `one of ${Object.keys(KINDS).join(', ')}`)
    .addHelpText('after', '\nExample:\n  greenroom schema preview > preview.schema.json')
    .action((name: string) => {
      if (!Object.hasOwn(KINDS, name)) {
        throw new GreenroomError(
          'invalid-input',
          `there is no schema "${name}"; there are ${Object.keys(KINDS).join(', ')}`,
        );
      }
      io.out(schemaText(name, KINDS[name]!));
    });
};
