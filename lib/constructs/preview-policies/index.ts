export { PreviewPolicies, type PreviewPoliciesProps } from './preview-policies.ts';
