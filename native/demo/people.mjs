// The names the generator draws from. Where a name cannot be reduced to a-z by dropping accents,
// its Latin spelling for the mail address follows after a bar.

const country = (weight, code, language, cities, first, last) => [
  { code, language, cities: cities.split(','), first: first.split(','), last: last.split(',') },
  weight,
];

export const countries = [
  country(30, 'US', 'en', 'Austin,Chicago,Denver,New York,Portland,San José',
    'Olivia,Liam,Emma,Noah,Ava,Ethan,Sophia,Mason,Grace,Jayden,Chloe,Marcus,Renée,Dylan,Naomi,Tyler',
    "Smith,Johnson,Williams,Brown,García,Davis,Miller,Wilson,O'Neill,Martinez,Anderson,Taylor,Nguyen,Lee,Carter,Brooks"),
  country(12, 'GB', 'en', 'London,Leeds,Bristol,Glasgow,Cardiff',
    'Amelia,Oliver,Isla,Harry,Zoë,George,Poppy,Alfie,Siân,Callum,Freya,Rhys',
    "Jones,Evans,Walker,Wright,Hughes,Clarke,Patel,Morgan,Fraser,D'Arcy,Bennett,Lloyd"),
  country(12, 'DE', 'de', 'Berlin,München,Köln,Hamburg,Düsseldorf,Leipzig',
    'Lena,Jürgen,Jonas,Käthe,Björn,Hannah,Lukas,Sören,Mia,Felix,Anneliese,Uwe',
    'Müller,Schmidt,Weiß,Groß,Schröder,Vogel,König,Jäger,Becker,Hofmann,Strauß,Krüger'),
  country(9, 'FR', 'fr', 'Paris,Lyon,Nîmes,Orléans,Bordeaux',
    'Chloé,Léa,Théo,Inès,Gaël,Noémie,Hugo,Anaïs,François,Camille,Jérôme,Manon',
    "Dupont,Lefèvre,Moreau,Béranger,Garçon,Roux,Lambert,L'Hôte,Fontaine,Chevalier"),
  country(7, 'ES', 'es', 'Madrid,Barcelona,Málaga,A Coruña,Valencia',
    'José,Lucía,Martín,Sofía,Íñigo,Begoña,Álvaro,Carmen,Nerea,Raúl',
    'Muñoz,Ibáñez,Fernández,Peña,Núñez,Ortega,Castaño,Vázquez,Romero'),
  country(7, 'BR', 'pt', 'São Paulo,Rio de Janeiro,Florianópolis,Brasília,Recife',
    'João,Conceição,Luísa,Thaís,Antônio,Bruna,Caio,Letícia,Mateus,Inácio',
    'Silva,Araújo,Gonçalves,Magalhães,Simões,Costa,Rocha,Brandão,Lima'),
  country(5, 'PL', 'pl', 'Łódź,Kraków,Gdańsk,Wrocław,Poznań',
    'Łukasz,Małgorzata,Paweł,Zofia,Michał,Agnieszka,Józef,Kasia',
    'Wójcik,Kowalczyk,Dąbrowski,Zieliński,Szymańska,Wiśniewski,Mazur'),
  country(4, 'SE', 'sv', 'Stockholm,Göteborg,Malmö,Umeå',
    'Åsa,Björn,Linnéa,Göran,Märta,Oskar,Elin,Håkan',
    'Söderström,Lindqvist,Åkesson,Öberg,Nyström,Hellström'),
  country(3, 'DK', 'da', 'København,Aarhus,Odense,Aalborg',
    'Søren,Freja,Jørgen,Kirstine,Rasmus,Bodil', 'Sørensen,Kjær,Møller,Bæk,Østergaard,Holm'),
  country(3, 'VN', 'vi', 'Hà Nội,Đà Nẵng,Huế', 'Linh,Đức,Thảo,Quân,Hương,Bảo', 'Nguyễn,Trần,Phạm,Đặng,Lê'),
  country(2, 'TR', 'tr', 'İstanbul,İzmir,Ankara', 'Ayşe,Çağlar,Işıl,Ömer,Gülşen,Deniz', 'Yılmaz,Şahin,Çelik,Öztürk,Aydın'),
  country(3, 'JP', 'ja', '東京,大阪,京都', '美咲|misaki,翔太|shota,陽菜|hina,健|ken,さくら|sakura', '佐藤|sato,鈴木|suzuki,高橋|takahashi,田中|tanaka'),
  country(2, 'UA', 'uk', 'Київ,Львів,Одеса', 'Оксана|oksana,Дмитро|dmytro,Ірина|iryna,Тарас|taras', 'Шевченко|shevchenko,Коваленко|kovalenko,Бондар|bondar'),
  country(1, 'GR', 'el', 'Αθήνα,Θεσσαλονίκη', 'Ελένη|eleni,Γιώργος|giorgos,Νίκος|nikos', 'Παπαδόπουλος|papadopoulos,Νικολάου|nikolaou'),
];

export const companies = [
  'Acorn Robotics', 'Atelier Rivière', 'Blue Heron Labs', 'Brightwater', 'Café Größenwahn', 'Copperline', 'Delta & Sons',
  'Driftwood Media', 'Ekho Audio', 'Fjord Systems', 'Foxglove Health', 'Grünwald Logistik', 'Harborlight', 'Honeycomb Studio',
  'Ironbark', 'Juniper Foods', 'Kestrel Analytics', 'Lanternworks', 'Maple & Main', 'Meridian Maps', 'Nordlicht Software',
  'Open Meadow', 'Papaya Games', 'Quillon', 'Red Tulip', 'Riverstone Bank', 'Saffron Travel', 'Smörgås Digital', 'Tidepool',
  'Umbra Security', 'Verdant Energy', 'Willow Learning', 'Yonder Outdoors', 'Zephyr Mobility',
];

export const tags = ['beta', 'newsletter', 'webinar', 'agency', 'developer', 'partner', 'Conference 2025', 'reseller'];
