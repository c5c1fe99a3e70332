import { configureCheck } from '../secrets/check.ts';
import { configureSeal } from '../secrets/seal.ts';
import type { Configure } from '../shared/command.ts';

export const configure: Configure = (command, io) => {
  configureSeal(command.command('seal').description('encrypt values for the preview of one pull request'), io);
  configureCheck(command.command('check').description('find plain credentials in files or in a change'), io);
};
