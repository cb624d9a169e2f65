document.querySelector('#sum').textContent = await window.desktop.add(1, 2)
