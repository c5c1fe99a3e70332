document.querySelector('#app').textContent = 'Dashboard';
