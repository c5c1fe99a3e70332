import { GreenroomError } from '../../core/errors.ts';
import { jsonSchema } from '../../model/json-schema.ts';
import { platformSchema } from '../../model/platform.ts';
import { previewSchema } from '../../model/preview.ts';
import type { Configure } from '../shared/command.ts';

const SCHEMAS = { preview: previewSchema, platform: platformSchema } as const;

export const configure: Configure = (command, io) => {
  command
    .argument('<name>', `one of ${Object.keys(SCHEMAS).join(', ')}`)
    .addHelpText('after', '\nExample:\n  greenroom schema preview > preview.schema.json')
    .action((name: string) => {
      if (!Object.hasOwn(SCHEMAS, name)) {
        throw new GreenroomError(
          'invalid-input',
          `there is no schema "${name}"; there are ${Object.keys(SCHEMAS).join(', ')}`,
        );
      }
      const schema = jsonSchema(SCHEMAS[name as keyof typeof SCHEMAS]);
      io.out(`${JSON.stringify(schema, null, 2)}\n`);
    });
};
