import { title } from './title.js';

const heading = document.createElement('h1');
heading.textContent = title;
document.querySelector('#main').append(heading);
