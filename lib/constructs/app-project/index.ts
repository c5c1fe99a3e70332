export { AppProject, type AppProjectProps, type GroupKind, type ProjectDestination } from './app-project.ts';
