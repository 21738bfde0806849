"""Words that people choose as passwords or build them from, in lower case without digits put on.

Short ones stand here too: they are looked for inside a password of 12 characters or more.
"""

from typing import Final

_WORDS: Final = """
aaaaaa abcabc abcd1234 abcdef access account action active adidas admin adminadmin administrator
adobe adobe123 airborne alabama alejandra alejandro alexander alexandra allison amanda amateur
america american anderson andrea andrew andromeda angel angela angelina animal anthony antonio
apollo apples arsenal arsenalfc asdasd asdf asdfasdf asdfgh asdfghjkl ashley attitude
august austin awesome azerty babygirl babylon bailey balance bandit banana barbara barcelona
barney baseball basketball batman battery beautiful beaver benfica benjamin bigdaddy bigdog
birthday biteme blackberry blackhawk blessed blink182 blizzard blueberry bollocks bond007 bonjour
booboo boomer boston brandon brandy braves brazil brittany broncos brooklyn bubbles buddy
bulldog bullshit buster butterfly calculator california calvin camaro cameron canada cardinal
carlos carolina caroline casper cassandra catherine celtic central champion changeit changeme
changeme123 charles charlie charlotte cheese chelsea chelseafc cherokee cherry cheyenne chicago
chicken chipper chocolate chopper chris christian christina christine christmas christopher
claudia cocacola coffee college colorado columbia company compaq computer comunidad concrete
consumer cookie cooper corvette courtney cowboy cowboys creative cristina crystal cyclops
dakota dallas daniel danielle darkness dashboard database daniela daddy123 david december default
demo demo1234 demouser denise deutschland diablo diamond dietcoke digital disney dolphin dolphins
dominic domino donald doraemon dortmund douglas dragon dragonball dreamer dreams dustin eagle1
eclipse edward einstein elephant elizabeth emmanuel employee enigma enter entrance estrella
everton everyone example explorer facebook falcon family fantasy favorite february fender ferrari
fireball firebird firefly firefox firewall fishing florida flower flowers fluffy football forever
francesco francis frankie franklin freckles freedom freepass friday friend friends
fullmoon gabriel gandalf garfield gateway gemini general genesis genius geronimo ginger giovanni
golden goldfish goodluck google gordon grandma graphics green guest guinness guitar hammer handsome
hannah happiness happy hardcore harley hawaii heather heaven hello helloworld helpme hendrix hernandez
hockey hollywood homepage honda hongkong hospital hotmail hottie house hunter iceman ichliebedich
iloveu iloveyou iluvu independence indiana infinity insurance intake internet invisible ireland
ironman isabella isabelle ihateyou jackass jackson jacob jaguar january japan jasmine jasper
jeffrey jennifer jeremiah jeremy jessica jessie johnny johnson jordan joseph joshua junior justice
justin karate katherine kathleen kawasaki kevin killer kimberly kingdom kitten knight kristina
lakers lasvegas lauren leonardo letmein liberty lifehack lightning lincoln liverpool liverpoolfc
logitech london longhorn looking loveme lovelove lover lovers lucky madison maddog maggie magic
mallorca manager manchester marathon margaret marina marine marlboro marley married marshall martin
mary1234 maryjane master matrix matthew maverick maxwell medical medicare megan melanie melissa
mercedes merlin metallica mexico michael michelle michigan mickey microsoft midnight miller millions
minecraft mississippi mitchell mohammed monday money monica monkey monster montana montreal morgan
motorola mountain muffin mustang mypassword mypass mynoob mylove napoleon naruto natasha
nathan ncc1701 nebraska neverland newcastle newpass newyork nicholas nicole nikita nintendo nirvana
nothing november number october office oicu812 oklahoma oliver online operator orange orlando orioles
packers pakistan pamela panther paradise paris partner pass passe passport passw0rd passwort password
password1 passwd patches patient patricia patrick payroll peaches peanut penguin pepper phantom
phoenix picture pikachu pineapple platinum playboy player please pokemon police pookie porsche
portland portugal precious preston prince princess princesa private professor property purple
pussycat pyramid qazwsx qazwsxedc quality qwaszx qweasd qweasdzxc qweqwe qwer1234 qwerty qwertyui
qwertyuiop rachel racing raiders rainbow ranger rangers realmadrid rebecca recruit redneck redskins
redsox redwings remember reptile resume richard river robert rockstar rockyou roland rootroot rosebud
running russell saturday safety samantha samsung sammy sandiego sandra santiago savannah scarface
school scooby scooter scorpio scorpion scotland sebastian secret secretpassword secure security
september serenity service sexy shadow shannon sharon shelby siemens silver simpsons
skywalker slayer slipknot smokey snickers snoopy snowball snowboard soccer soleil something sophie
southern spanky sparky spartan special spencer spider spiderman spongebob spring springer
standard starbucks startrek starwars steelers stephanie stephen steven strawberry student
suckit summer sunday sunflower sunset sunshine superman supernova superstar superuser support surfer
swordfish sydney system taylor teacher temp temporary temppass tennis tequila teresa test
testing testtest thailand thankyou therock thomas thunder thursday thx1138 tiffany tiger tigers
tigger tinkerbell tomcat toyota travel treasure trinity trouble trustme trustno1 tucker tuesday
tunafish turtle twilight undertaker unicorn united universal usuckballz user valentina valentine
valhalla vampire vanessa verizon veronica victor victoria victory vietnam viking vincent virginia
volleyball voyager walmart warcraft warrior washington wednesday webmaster welcome westside whatever
whiskey white wildcats william williams windows winner winston winter wisconsin wizard wolfpack
wolverine worship xavier xxxxxx yamaha yankees yellow yesterday yourpassword yourname zaq1xsw2
zeppelin zxcvbn zxcvbnm
"""

COMMON: Final = frozenset(_WORDS.split())
