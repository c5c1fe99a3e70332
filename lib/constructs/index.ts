export type { PreviewContext, PreviewExtension, PreviewScope } from './extension.ts';
export { type AddedContainer, PreviewApp } from './preview-app/preview-app.ts';
export type * from './preview-app/props.ts';
export type { OperatedService } from './preview-namespace/operated.ts';
export { PreviewNamespace } from './preview-namespace/preview-namespace.ts';
export type * from './preview-namespace/props.ts';
