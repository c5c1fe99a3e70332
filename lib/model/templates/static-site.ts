import { DEPLOYMENT } from './runtime.ts';
import { defineTemplate } from './template.ts';

export const staticSite = defineTemplate({
  name: 'static-site',
  summary: 'an image that serves files',
  // Files need little, whatever the platform gives to servers.
  defaults: { size: 'small' },
  runtime: () => DEPLOYMENT,
});
