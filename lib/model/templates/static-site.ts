import { DEPLOYMENT } from './runtime.ts';
import { defineTemplate } from './template.ts';

export const staticSite = defineTemplate({
  name: 'static-site',
  summary: 'an image that serves files',
  // Serving files needs little, whatever size the platform gives to servers.
  defaults: { size: 'small' },
  runtime: () => DEPLOYMENT,
});
